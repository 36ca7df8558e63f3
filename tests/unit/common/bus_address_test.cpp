// Addresses that would carry events in the clear, or that cannot be bound, are refused.
#include "common/bus_address.hpp"

#include <catch2/catch.hpp>

using namespace ccproxy;

TEST_CASE("ipc and loopback addresses are allowed", "[bus]") {
    for (const char* address : {"ipc:///run/ccproxy/events.sock", "tcp://127.0.0.1:5555",
                                "tcp://127.9.9.9:1", "tcp://[::1]:65535"}) {
        INFO(address);
        CHECK(check_bus_address(address).has_value());
    }
    CHECK(ipc_path("ipc:///run/x.sock") == "/run/x.sock");
    CHECK(ipc_path("tcp://127.0.0.1:5555").empty());
}

TEST_CASE("other addresses are refused", "[bus]") {
    for (const char* address : {"",
                                "events",
                                "ipc://",
                                "ipc://relative.sock",
                                "ipc://@abstract",
                                "inproc://x",
                                "tcp://*:5555",
                                "tcp://0.0.0.0:5555",
                                "tcp://[::]:5555",
                                "tcp://10.0.0.1:5555",
                                "tcp://192.168.1.5:5555",
                                "tcp://[fe80::1]:5555",
                                "tcp://localhost:5555",
                                "tcp://eth0:5555",
                                "tcp://127.0.0.1",
                                "tcp://127.0.0.1:",
                                "tcp://127.0.0.1:0",
                                "tcp://127.0.0.1:70000",
                                "tcp://127.0.0.1:*",
                                "udp://127.0.0.1:5555"}) {
        INFO(address);
        CHECK_FALSE(check_bus_address(address).has_value());
    }
    CHECK_FALSE(check_bus_address("ipc:///" + std::string(200, 'x')).has_value());
    CHECK_THAT(check_bus_address("tcp://10.0.0.1:5555").error().message,
               Catch::Contains("unencrypted"));
}

TEST_CASE("with encryption other addresses are within reach", "[bus]") {
    for (const char* address : {"tcp://0.0.0.0:5555", "tcp://[::]:5555", "tcp://10.0.0.1:5555",
                                "tcp://127.0.0.1:5555", "ipc:///run/x.sock"}) {
        INFO(address);
        CHECK(check_bus_address(address, BusReach::network).has_value());
        CHECK(check_bus_address(address, BusReach::network_by_name).has_value());
    }
    for (const char* address : {"tcp://localhost:5555", "tcp://analytics.example.com:1"}) {
        INFO(address);
        CHECK_FALSE(check_bus_address(address, BusReach::network).has_value());
        CHECK(check_bus_address(address, BusReach::network_by_name).has_value());
    }
    for (const char* address :
         {"tcp://*:5555", "tcp://:5555", "tcp://a b:5555", "tcp://-a:5555", "tcp://.a:5555",
          "tcp://10.0.0.256:5555", "tcp://10.0.0:5555", "tcp://host", "tcp://host:0",
          "tcp://eth0;tcp://x:1", "udp://10.0.0.1:5555", "ipc://relative"}) {
        INFO(address);
        CHECK_FALSE(check_bus_address(address, BusReach::network_by_name).has_value());
    }
}
