#include "common/net/connection_counter.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace ccproxy::net {
namespace {

const Address one = Address::parse("192.0.2.1").value();
const Address other = Address::parse("192.0.2.2").value();

}  // namespace

TEST_CASE("An address has so many places, and they come back", "[connection_counter]") {
    ConnectionCounter counter(2);
    auto first = counter.enter(one);
    auto second = counter.enter(one);
    REQUIRE(first.place);
    REQUIRE(second.place);
    CHECK_FALSE(counter.enter(one).place);
    CHECK(counter.enter(other).place);
    first.place.reset();
    CHECK(counter.enter(one).place);
    second.place.reset();
    CHECK(counter.addresses() == 0);
}

TEST_CASE("A place that is moved is given back once", "[connection_counter]") {
    ConnectionCounter counter(1);
    auto admission = counter.enter(one);
    {
        const ConnectionCounter::Place moved(std::move(*admission.place));
        admission.place.reset();
        CHECK_FALSE(counter.enter(one).place);
    }
    CHECK(counter.enter(one).place);
}

TEST_CASE("The first refusal is told, and again after all have gone", "[connection_counter]") {
    ConnectionCounter counter(1);
    for (int round = 0; round < 2; ++round) {
        const auto admission = counter.enter(one);
        CHECK_FALSE(admission.first_refused);
        CHECK(counter.enter(one).first_refused);
        CHECK_FALSE(counter.enter(one).first_refused);
    }
}

TEST_CASE("Without a limit nothing is counted", "[connection_counter]") {
    ConnectionCounter counter(0);
    std::vector<ConnectionCounter::Admission> admissions;
    for (int i = 0; i < 100; ++i) {
        admissions.push_back(counter.enter(one));
        CHECK(admissions.back().place);
    }
    CHECK_FALSE(counter.counts());
    CHECK(counter.addresses() == 0);
}

TEST_CASE("Threads share the places of an address", "[connection_counter]") {
    ConnectionCounter counter(3);
    std::atomic<int> inside = 0;
    std::atomic<bool> too_many = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 5000; ++round) {
                const auto admission = counter.enter(one);
                if (!admission.place) continue;
                if (++inside > 3) too_many = true;
                --inside;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK_FALSE(too_many);
    CHECK(counter.addresses() == 0);
}

}  // namespace ccproxy::net
