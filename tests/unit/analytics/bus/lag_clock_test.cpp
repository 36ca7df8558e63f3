// How old the oldest event is that is not stored.
#include "analytics/bus/lag_clock.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <random>

using ccproxy::analytics::LagClock;

TEST_CASE("in step there is no lag", "[bus][lag]") {
    LagClock lag;
    CHECK(lag.age_ms(1000) == 0);
    lag.heard(0, 1000);
    CHECK(lag.age_ms(5000) == 0);
    lag.heard(5, 6000);
    lag.stored(5);
    CHECK(lag.age_ms(9000) == 0);
    lag.heard(5, 9000);
    CHECK(lag.age_ms(9500) == 0);
}

TEST_CASE("the age is of the oldest event that is not stored", "[bus][lag]") {
    LagClock lag;
    lag.heard(10, 1000);
    lag.heard(20, 3000);
    CHECK(lag.age_ms(4000) == 3000);
    lag.stored(9);
    CHECK(lag.age_ms(4000) == 3000);
    lag.stored(10);
    CHECK(lag.age_ms(4000) == 1000);
    lag.stored(20);
    CHECK(lag.age_ms(4000) == 0);
}

TEST_CASE("steady traffic that is stored in time shows a small age for ever", "[bus][lag]") {
    // The watermark never is at the newest event, since there always is a newer one.
    LagClock lag;
    for (std::uint64_t seq = 1; seq <= 100'000; ++seq) {
        const auto now_ms = static_cast<std::int64_t>(seq);
        lag.heard(seq, now_ms);
        if (seq > 200) lag.stored(seq - 200);
        REQUIRE(lag.age_ms(now_ms) <= 200 + LagClock::mark_interval_ms);
    }
}

TEST_CASE("an outage of any length is told with few marks, and never too low", "[bus][lag]") {
    std::mt19937 random(5);
    LagClock lag;
    std::deque<std::int64_t> heard_at;  // Of each event that is not stored.
    std::uint64_t last = 0;
    std::uint64_t watermark = 0;
    std::int64_t now_ms = 0;
    for (int i = 0; i < 50'000; ++i) {
        now_ms += random() % 300;
        if (random() % 3 != 0) {
            heard_at.push_back(now_ms);
            lag.heard(++last, now_ms);
        } else if (random() % 20 == 0 && !heard_at.empty()) {
            const auto count = random() % heard_at.size() + 1;
            heard_at.erase(heard_at.begin(), heard_at.begin() + static_cast<long>(count));
            lag.stored(watermark += count);
        }
        const std::int64_t truth = heard_at.empty() ? 0 : now_ms - heard_at.front();
        REQUIRE(lag.age_ms(now_ms) >= truth);
        REQUIRE((truth > 0 || heard_at.size() > 0 || lag.age_ms(now_ms) == 0));
    }
}

TEST_CASE("a proxy that has less than it said keeps no lag for what is not there", "[bus][lag]") {
    LagClock lag;
    lag.stored(5);
    lag.heard(8, 1000);
    lag.heard(20, 2000);
    lag.align(5, 7, 3000);
    CHECK(lag.age_ms(3000) == 2000);
    lag.stored(7);
    CHECK(lag.age_ms(3000) == 0);
    lag.heard(30, 4000);
    lag.align(7, 7, 5000);
    CHECK(lag.age_ms(6000) == 0);
}

TEST_CASE("after a journal has gone back the age begins anew", "[bus][lag]") {
    LagClock lag;
    lag.stored(100);
    lag.heard(120, 1000);
    lag.align(0, 50, 9000);
    CHECK(lag.age_ms(9500) == 500);
    lag.stored(50);
    CHECK(lag.age_ms(9500) == 0);
}
