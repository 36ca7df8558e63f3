#include "common/net/client_address.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::net {
namespace {

/// The client's address where 10.0.0.0/8 and fd00::/8 are trusted.
std::string client_of(std::string_view peer, std::string_view forwarded_for) {
    AddressSet trusted;
    REQUIRE(trusted.add("10.0.0.0/8").has_value());
    REQUIRE(trusted.add("fd00::/8").has_value());
    return client_address(Address::parse(peer).value(), forwarded_for, trusted).text();
}

}  // namespace

TEST_CASE("A peer that is not trusted speaks for itself alone", "[client_address]") {
    CHECK(client_of("192.0.2.1", "") == "192.0.2.1");
    CHECK(client_of("192.0.2.1", "203.0.113.9") == "192.0.2.1");
    CHECK(client_of("192.0.2.1", "203.0.113.9, 10.0.0.1") == "192.0.2.1");
}

TEST_CASE("The rightmost address that is not trusted is the client's", "[client_address]") {
    CHECK(client_of("10.0.0.1", "203.0.113.9") == "203.0.113.9");
    CHECK(client_of("10.0.0.1", "203.0.113.9, 10.0.0.2, fd00::2") == "203.0.113.9");
    CHECK(client_of("::ffff:10.0.0.1", "2001:db8::9") == "2001:db8::9");
    // What stands left of it is the client's own word.
    CHECK(client_of("10.0.0.1", "127.0.0.1, 203.0.113.9") == "203.0.113.9");
    CHECK(client_of("10.0.0.1", "10.0.0.7, 203.0.113.9") == "203.0.113.9");
}

TEST_CASE("Of trusted addresses alone the leftmost remains", "[client_address]") {
    CHECK(client_of("10.0.0.1", "") == "10.0.0.1");
    CHECK(client_of("10.0.0.1", "10.0.0.2") == "10.0.0.2");
    CHECK(client_of("10.0.0.1", "10.0.0.3,10.0.0.2") == "10.0.0.3");
}

TEST_CASE("A malformed entry ends the walk at the last good one", "[client_address]") {
    CHECK(client_of("10.0.0.1", "unknown") == "10.0.0.1");
    CHECK(client_of("10.0.0.1", "203.0.113.9, nonsense, 10.0.0.2") == "10.0.0.2");
    CHECK(client_of("10.0.0.1", "203.0.113.9,,10.0.0.2") == "10.0.0.2");
    CHECK(client_of("10.0.0.1", "203.0.113.9,") == "10.0.0.1");
    CHECK(client_of("10.0.0.1", ",") == "10.0.0.1");
    CHECK(client_of("10.0.0.1", "[2001:db8::9") == "10.0.0.1");
}

TEST_CASE("Ports, brackets and white space are passed over", "[client_address]") {
    CHECK(client_of("10.0.0.1", "203.0.113.9:4711") == "203.0.113.9");
    CHECK(client_of("10.0.0.1", "[2001:db8::9]") == "2001:db8::9");
    CHECK(client_of("10.0.0.1", "[2001:db8::9]:4711") == "2001:db8::9");
    CHECK(client_of("10.0.0.1", "\t203.0.113.9 ,  10.0.0.2\t") == "203.0.113.9");
    CHECK(client_of("10.0.0.1", ",203.0.113.9") == "203.0.113.9");
}

TEST_CASE("A list is walked so far and no further", "[client_address]") {
    const auto with_trusted = [](int count) {
        std::string list = "203.0.113.9";
        for (int i = 0; i < count; ++i) list += ", 10.0.0." + std::to_string(i + 1);
        return list;
    };
    CHECK(client_of("10.0.0.1", with_trusted(31)) == "203.0.113.9");
    CHECK(client_of("10.0.0.1", with_trusted(32)) == "10.0.0.1");
}

}  // namespace ccproxy::net
