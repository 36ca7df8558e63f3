#include "proxy/accounts/breaker.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::accounts {
namespace {

using State = Breaker::State;
constexpr BreakerOptions options{3, 1'000, 3'000};

void fail(Breaker& breaker, int times, std::int64_t now_ms) {
    for (int i = 0; i < times; ++i) breaker.failed(now_ms, options);
}

}  // namespace

TEST_CASE("a breaker opens after failures in a row") {
    Breaker breaker;
    CHECK(breaker.is_untouched());
    fail(breaker, 2, 10);
    CHECK_FALSE(breaker.is_untouched());
    breaker.succeeded();
    CHECK(breaker.is_untouched());
    fail(breaker, 2, 20);
    CHECK(breaker.state(20) == State::closed);
    CHECK(breaker.let_through(20));
    fail(breaker, 1, 30);
    CHECK(breaker.state(30) == State::open);
    CHECK(breaker.open_until_ms() == 1'030);
    CHECK_FALSE(breaker.let_through(1'029));
}

TEST_CASE("half open, one request at a time is tried") {
    Breaker breaker;
    fail(breaker, 3, 10);
    CHECK(breaker.state(1'010) == State::half_open);
    CHECK(breaker.let_through(1'010));
    CHECK_FALSE(breaker.let_through(1'011));
    SECTION("its success closes") {
        breaker.succeeded();
        CHECK(breaker.state(1'012) == State::closed);
        CHECK(breaker.let_through(1'012));
        CHECK(breaker.let_through(1'012));
        fail(breaker, 2, 1'013);
        CHECK(breaker.state(1'013) == State::closed);
    }
    SECTION("its failure opens for twice as long, up to the limit") {
        breaker.failed(1'012, options);
        CHECK(breaker.open_until_ms() == 3'012);
        CHECK(breaker.let_through(3'012));
        breaker.failed(3'013, options);
        CHECK(breaker.open_until_ms() == 6'013);
        CHECK(breaker.let_through(6'013));
        breaker.failed(6'013, options);
        CHECK(breaker.open_until_ms() == 9'013);
    }
    SECTION("without a verdict the next one is tried") {
        breaker.told_nothing();
        CHECK(breaker.let_through(1'013));
    }
}

TEST_CASE("failures of requests that began before it opened do not lengthen it") {
    Breaker breaker;
    fail(breaker, 3, 10);
    fail(breaker, 9, 500);
    CHECK(breaker.open_until_ms() == 1'010);
}

TEST_CASE("a refused credential opens at once and for long") {
    Breaker breaker;
    breaker.refused_credential(10, options);
    CHECK(breaker.open_until_ms() == 3'010);
}

}  // namespace ccproxy::accounts
