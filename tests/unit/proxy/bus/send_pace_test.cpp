#include "proxy/bus/send_pace.hpp"

#include <catch2/catch.hpp>

using ccproxy::bus::SendPace;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds tick{10};

struct Sender {
    SendPace pace{tick};
    SendPace::Time now{std::chrono::hours(1)};
    std::uint64_t ready = 0;

    /// Sends what may go now, and tells how many that were.
    std::uint64_t send() {
        pace.note(ready, now);
        std::uint64_t count = 0;
        for (; ready > 0 && pace.is_open(); ++count, --ready) pace.sent();
        return count;
    }
};

}  // namespace

TEST_CASE("a few events go at once", "[bus]") {
    Sender sender;
    sender.ready = SendPace::min_events;
    CHECK(sender.send() == SendPace::min_events);
}

TEST_CASE("many go over several ticks, and only once in each", "[bus]") {
    Sender sender;
    sender.ready = 3000;
    CHECK(sender.send() == 300);
    sender.now += tick - milliseconds(1);
    CHECK(sender.send() == 0);
    sender.now += milliseconds(1);
    CHECK(sender.send() == 270);
    int ticks = 2;
    for (; sender.ready > 0; ++ticks) {
        sender.now += tick;
        REQUIRE(sender.send() > 0);
    }
    CHECK(ticks < 40);
}

TEST_CASE("what a tick was not used for is not saved up", "[bus]") {
    Sender sender;
    sender.now += 100 * tick;
    CHECK(sender.send() == 0);
    sender.ready = 200;
    sender.now += tick;
    CHECK(sender.send() == SendPace::min_events);
}
