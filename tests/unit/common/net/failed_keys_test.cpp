#include "common/net/failed_keys.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const FailedKeys::TimePoint start{seconds(1000)};

Address v4(std::uint32_t number) {
    return Address(boost::asio::ip::make_address_v4(number));
}
Address v6(const char* text) {
    return Address::parse(text).value();
}

}  // namespace

TEST_CASE("An address is blocked by its last wrong key until its minute is over", "[failed_keys]") {
    FailedKeys keys(3);
    CHECK_FALSE(keys.blocked_s(v4(1), start));
    CHECK_FALSE(keys.add(v4(1), start));
    CHECK_FALSE(keys.add(v4(1), start + seconds(10)));
    CHECK_FALSE(keys.blocked_s(v4(1), start + seconds(10)));
    CHECK(keys.add(v4(1), start + seconds(20)));
    CHECK(keys.blocked_s(v4(1), start + seconds(20)) == 40);
    CHECK(keys.blocked_s(v4(1), start + milliseconds(59'001)) == 1);
    CHECK_FALSE(keys.blocked_s(v4(1), start + seconds(60)));
    // Told once.
    CHECK_FALSE(keys.add(v4(1), start + seconds(21)));
    CHECK_FALSE(keys.blocked_s(v4(2), start + seconds(20)));
}

TEST_CASE("A new minute counts anew", "[failed_keys]") {
    FailedKeys keys(2);
    keys.add(v4(1), start);
    CHECK_FALSE(keys.add(v4(1), start + seconds(60)));
    CHECK(keys.add(v4(1), start + seconds(61)));
    CHECK(keys.blocked_s(v4(1), start + seconds(61)) == 59);
}

TEST_CASE("Addresses of one /64 are one client", "[failed_keys]") {
    FailedKeys keys(2);
    keys.add(v6("2001:db8::1"), start);
    CHECK(keys.add(v6("2001:db8::2"), start));
    CHECK(keys.blocked_s(v6("2001:db8::ffff"), start));
    CHECK_FALSE(keys.blocked_s(v6("2001:db8:0:1::1"), start));
}

TEST_CASE("Of too many addresses those that began first are forgotten", "[failed_keys]") {
    FailedKeys keys(1);
    CHECK(keys.add(v4(0), start));
    for (std::uint32_t i = 1; i < FailedKeys::max_addresses; ++i) keys.add(v4(i), start);
    // One that is there already needs no room.
    CHECK_FALSE(keys.add(v4(5), start));
    CHECK(keys.blocked_s(v4(0), start));
    keys.add(v4(FailedKeys::max_addresses), start);
    CHECK_FALSE(keys.blocked_s(v4(0), start));
    CHECK(keys.blocked_s(v4(1), start));
    CHECK(keys.blocked_s(v4(FailedKeys::max_addresses), start));
}

TEST_CASE("Without a limit nobody is blocked", "[failed_keys]") {
    FailedKeys keys(0);
    for (int i = 0; i < 1000; ++i) CHECK_FALSE(keys.add(v4(1), start));
    CHECK_FALSE(keys.blocked_s(v4(1), start));
}

}  // namespace ccproxy::net
