#include "common/net/address_set.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::net {
namespace {

AddressSet set_of(const std::vector<std::string>& networks) {
    AddressSet set;
    for (const std::string& network : networks) REQUIRE(set.add(network).has_value());
    return set;
}

bool has(const AddressSet& set, std::string_view address) {
    return set.contains(Address::parse(address).value());
}

}  // namespace

TEST_CASE("A network holds the addresses that begin with its bits", "[address_set]") {
    const AddressSet set =
        set_of({"10.0.0.0/8", "192.0.2.64/26", "203.0.113.7", "fd00::/8", "2001:db8::1"});
    for (const char* inside : {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "192.0.2.64",
                               "192.0.2.127", "203.0.113.7", "fdff::1", "2001:db8::1"}) {
        CHECK(has(set, inside));
    }
    for (const char* outside : {"11.0.0.0", "9.255.255.255", "192.0.2.63", "192.0.2.128",
                                "203.0.113.8", "fe00::", "2001:db8::2", "::10.0.0.1"}) {
        CHECK_FALSE(has(set, outside));
    }
}

TEST_CASE("The networks of everything are apart for IPv4 and IPv6", "[address_set]") {
    CHECK(has(set_of({"0.0.0.0/0"}), "255.1.2.3"));
    CHECK_FALSE(has(set_of({"0.0.0.0/0"}), "2001:db8::1"));
    CHECK(has(set_of({"::/0"}), "2001:db8::1"));
    CHECK_FALSE(has(AddressSet(), "127.0.0.1"));
    CHECK(AddressSet().empty());
}

TEST_CASE("What is no network is refused, and nothing is added", "[address_set]") {
    AddressSet set;
    for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1",
                             "10.0.0.0/8x", "10.0.0.0/8/8", "host/8", "10.0.0.0 /8"}) {
        const Result<void> added = set.add(text);
        REQUIRE_FALSE(added.has_value());
        CHECK_THAT(added.error().message, Catch::Contains("must be an IP address or a network"));
    }
    CHECK(set.add("10.0.0.1/8").error().message ==
          "10.0.0.1/8 has bits behind its prefix; the network is 10.0.0.0/8");
    CHECK(set.add("2001:db8::1/32").error().message ==
          "2001:db8::1/32 has bits behind its prefix; the network is 2001:db8::/32");
    CHECK(set.empty());
}

TEST_CASE("The list of the configuration, and its variable", "[address_set][config]") {
    const auto read = [](const std::string& yaml, std::optional<std::string> variable) {
        auto source = ConfigSource::parse(yaml, [&](const std::string& name) {
            return name == "CCPROXY_TRUSTED_PROXIES" ? variable : std::nullopt;
        });
        const AddressSet set = read_trusted_proxies(*source);
        return std::pair(set, source->problems());
    };
    CHECK(read("", std::nullopt).first.empty());
    const auto [set, problems] = read("trusted_proxies: [10.0.0.0/8, '::1']", std::nullopt);
    CHECK(set == set_of({"10.0.0.0/8", "::1"}));
    CHECK(problems.empty());
    CHECK(read("trusted_proxies: ['::1']", "192.0.2.1, fd00::/8").first ==
          set_of({"192.0.2.1", "fd00::/8"}));
    CHECK(read("trusted_proxies: 10.0.0.0/8", std::nullopt).second ==
          std::vector<std::string>{"trusted_proxies: must be a list"});
    CHECK(read("trusted_proxies: [x]", std::nullopt).second ==
          std::vector<std::string>{
              "trusted_proxies: must be an IP address or a network such as 10.0.0.0/8: x"});
    std::string many = "10.0.0.1";
    for (int i = 0; i < 256; ++i) many += ",10.0.0.1";
    CHECK(read("", many).second ==
          std::vector<std::string>{"trusted_proxies: has more than 256 entries"});
}

}  // namespace ccproxy::net
