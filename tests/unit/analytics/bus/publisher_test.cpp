// The proxy's own publisher and analyticsd's own bus, on both sides of CURVE.
#include "proxy/bus/publisher.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/analytics/bus/network_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

struct ProxySide {
    TempFolder folder;
    journal::Journal journal;
    auth::TokenRegistry registry{folder.file("registry.json")};
    limits::TokenLimiter limiter;
    bus::PublisherOptions options;

    ProxySide(const std::string& name, const BusAddresses& addresses, const ClientCurve& curve)
        : journal(journal_options(folder, name)) {
        options.events_address = addresses.events;
        options.control_address = addresses.control;
        options.sync_interval = std::chrono::milliseconds(1);
        options.drain_timeout = std::chrono::milliseconds(0);
        options.curve = bus::Curve{curve.keys, curve.server_public_key};
        for (unsigned number = 1; number <= 100; ++number) {
            std::string payload;
            encode_event(make_event(number), payload);
            REQUIRE(journal.append(payload));
        }
    }
    static journal::JournalOptions journal_options(const TempFolder& folder,
                                                   const std::string& name) {
        journal::JournalOptions options;
        options.folder = folder.file("journal");
        options.proxy_name = name;
        return options;
    }
};

bool wait_for_acks(const bus::Publisher& publisher, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (publisher.status().acked_seq < 100) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace

TEST_CASE("a journal crosses the network with the right keys", "[bus][curve]") {
    NetworkFixture f({"edge"});
    const auto receiver = f.start();
    ProxySide proxy("edge", f.addresses, f.keys_of("edge"));
    const bus::Publisher publisher(proxy.options, proxy.journal, proxy.registry, proxy.limiter);
    CHECK(wait_for_acks(publisher, std::chrono::seconds(10)));
    CHECK(publisher.status().connected);
    CHECK(proxy.registry.is_loaded());
    CHECK(f.query("SELECT count(*) FROM request_logs") == "100");
    CHECK(receiver->bus.status().forged_messages == 0);
}

TEST_CASE("a journal stays where it is without them", "[bus][curve]") {
    NetworkFixture f({"edge"});
    const auto receiver = f.start();
    ClientCurve curve = f.keys_of("edge");
    std::string name = "edge";
    SECTION("not listed") {
        curve.keys = make_curve_keys();
    }
    SECTION("another server's key") {
        curve.server_public_key = make_curve_keys().public_key;
    }
    SECTION("another proxy's name") {
        name = "core";
    }
    ProxySide proxy(name, f.addresses, curve);
    const bus::Publisher publisher(proxy.options, proxy.journal, proxy.registry, proxy.limiter);
    CHECK_FALSE(wait_for_acks(publisher, std::chrono::milliseconds(1500)));
    CHECK_FALSE(publisher.status().connected);
    CHECK_FALSE(proxy.registry.is_loaded());
    CHECK(f.query("SELECT count(*) FROM request_logs") == "0");
    CHECK(proxy.journal.status().first_seq == 1);
    const BusStatus status = receiver->bus.status();
    CHECK((status.forged_messages > 0) == (name == "core"));
    CHECK(status.proxies.empty());
}
