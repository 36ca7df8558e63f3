#include "common/net/address.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::net {
namespace {

Address at(std::string_view text) {
    const auto address = Address::parse(text);
    REQUIRE(address);
    return *address;
}

}  // namespace

TEST_CASE("Addresses are read and written", "[address]") {
    for (const char* text : {"192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1",
                             "2001:db8:1:2:3:4:5:6"}) {
        CHECK(at(text).text() == text);
        const auto same = boost::asio::ip::make_address(text);
        CHECK(Address(same) == at(text));
    }
    CHECK(at("2001:DB8:0::01") == at("2001:db8::1"));
}

TEST_CASE("What is no address is not read", "[address]") {
    using namespace std::string_view_literals;
    for (const std::string_view text :
         {""sv, " "sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1 "sv, "192.0.2.1:80"sv, "[::1]"sv,
          "fe80::1%eth0"sv, "::1::"sv, "12345::"sv, "localhost"sv, "0x7f.0.0.1"sv, "127.1"sv,
          "192.0.2.1\0"sv, "::1\0x"sv}) {
        CHECK_FALSE(Address::parse(text));
    }
    CHECK_FALSE(Address::parse(std::string(10'000, '1')));
}

TEST_CASE("An IPv4 address is the same in its IPv6 form", "[address]") {
    CHECK(at("::ffff:192.0.2.1") == at("192.0.2.1"));
    CHECK(at("::ffff:c000:201").text() == "192.0.2.1");
    CHECK(Address(boost::asio::ip::make_address("::ffff:192.0.2.1")).is_v4());
    CHECK_FALSE(at("::192.0.2.1").is_v4());
    CHECK_FALSE(at("::1").is_v4());
}

TEST_CASE("IPv6 counts by its /64, IPv4 by itself", "[address]") {
    CHECK(at("2001:db8:1:2:3:4:5:6").counted() == at("2001:db8:1:2::"));
    CHECK(at("2001:db8:1:2::1").counted() == at("2001:db8:1:2:ffff::").counted());
    CHECK(at("2001:db8:1:2::1").counted() != at("2001:db8:1:3::1").counted());
    CHECK(at("192.0.2.1").counted() == at("192.0.2.1"));
    CHECK(at("192.0.2.1").counted() != at("192.0.2.2").counted());
}

TEST_CASE("A prefix keeps its bits and no others", "[address]") {
    const Address all = at("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    CHECK(all.prefix(0) == at("::"));
    CHECK(all.prefix(1) == at("8000::"));
    CHECK(all.prefix(12) == at("fff0::"));
    CHECK(all.prefix(127) == at("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"));
    CHECK(all.prefix(128) == all);
    CHECK(at("192.0.2.255").prefix(96 + 24) == at("192.0.2.0"));
}

}  // namespace ccproxy::net
