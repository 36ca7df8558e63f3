// Bus, writer and a real database, spoken to over real sockets as a proxy does.
#include "analytics/bus/bus.hpp"

#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/unit/analytics/bus/proxy_client.hpp"
#include "tests/unit/analytics/bus/receiver.hpp"
#include "tests/unit/analytics/other_work.hpp"
#include "tests/unit/analytics/store/store_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;
using Catch::Contains;
using std::chrono::milliseconds;

namespace {

struct BusFixture : StoreFixture {
    const BusAddresses addresses{"ipc://" + directory.file("events.sock"),
                                 "ipc://" + directory.file("control.sock")};
    WriterOptions options;
    int instances = 0;

    BusFixture() {
        options.rule = {1, milliseconds(0)};
        writer.reset();
    }
    std::unique_ptr<Receiver> start(bool gives_way = false) {
        return std::make_unique<Receiver>("instance-" + std::to_string(++instances), addresses,
                                          open("UTC"), clock, options, std::nullopt, gives_way);
    }
    static Hello hello(std::uint64_t first, std::uint64_t next, const std::string& version = "") {
        return {"proxy-1", "test", first, next, version, 0};
    }
    [[nodiscard]] std::string stored() const {
        return query("SELECT count(*), count(DISTINCT id) FROM request_logs");
    }
};

}  // namespace

TEST_CASE("hello, events, acks", "[bus]") {
    BusFixture f;
    const auto receiver = f.start();
    ProxyClient proxy("proxy-1", f.addresses);
    proxy.say(BusFixture::hello(1, 1));
    const std::optional<Welcome> welcome = proxy.hear<Welcome>();
    REQUIRE(welcome);
    CHECK(welcome->instance_id == "instance-1");
    CHECK(welcome->resume_seq == 1);
    CHECK(welcome->registry.has_value());
    for (unsigned seq = 1; seq <= 300; ++seq) proxy.send(seq, make_event(seq));
    REQUIRE(proxy.hear_ack(300));
    CHECK(f.stored() == "300|300");
    const ProxyStatus status = receiver->bus.status().proxies.at(0);
    CHECK(status.received == 300);
    CHECK(status.watermark == 300);
    CHECK(status.lag == 0);
    CHECK(status.connected);
    proxy.say(Ping{"proxy-1", "instance-1", 301, 0});
    CHECK(proxy.hear<Pong>().has_value());
}

TEST_CASE("on a full machine events wait, and all are stored", "[bus]") {
    if (!GivingWay::is_permitted()) {
        WARN("not permitted to this user");
        return;
    }
    BusFixture f;
    const auto receiver = f.start(true);
    ProxyClient proxy("proxy-1", f.addresses);
    proxy.say(BusFixture::hello(1, 1));
    REQUIRE(proxy.hear<Welcome>());
    unsigned seq = 0;
    {
        const OtherWork others;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (receiver->bus.status().rests == 0 && std::chrono::steady_clock::now() < deadline) {
            ++seq;
            proxy.send(seq, make_event(seq));
        }
    }
    CHECK(receiver->bus.status().rests > 0);
    CHECK(proxy.hear_ack(seq));
    CHECK(f.stored() == std::to_string(seq) + "|" + std::to_string(seq));
}

TEST_CASE("a gap leads to a resume and nothing is lost or doubled", "[bus]") {
    BusFixture f;
    const auto receiver = f.start();
    ProxyClient proxy("proxy-1", f.addresses);
    proxy.say(BusFixture::hello(1, 1));
    REQUIRE(proxy.hear<Welcome>());
    proxy.send(1, make_event(1));
    proxy.send(3, make_event(3));
    proxy.send(4, make_event(4));
    const std::optional<Resume> resume = proxy.hear<Resume>();
    REQUIRE(resume);
    CHECK(resume->resume_seq == 2);
    for (unsigned seq = 2; seq <= 5; ++seq) proxy.send(seq, make_event(seq));
    REQUIRE(proxy.hear_ack(5));
    CHECK(f.stored() == "5|5");
    CHECK(receiver->bus.status().proxies.at(0).gaps == 1);
}

TEST_CASE("a last event that was lost on the way is asked for by the next hello", "[bus]") {
    BusFixture f;
    const auto receiver = f.start();
    ProxyClient proxy("proxy-1", f.addresses);
    proxy.say(BusFixture::hello(1, 1));
    REQUIRE(proxy.hear<Welcome>());
    proxy.send(1, make_event(1));
    REQUIRE(proxy.hear_ack(1));
    proxy.say(BusFixture::hello(1, 3));  // Event 2 was sent, and no ack came.
    CHECK(proxy.hear<Welcome>().value().resume_seq == 2);
    CHECK(proxy.hear_ack(1));
    proxy.send(2, make_event(2));
    CHECK(proxy.hear_ack(2));
    CHECK(f.stored() == "2|2");
}

TEST_CASE("a receiver that restarts greets and goes on from the database", "[bus]") {
    BusFixture f;
    ProxyClient proxy("proxy-1", f.addresses);
    auto receiver = f.start();
    proxy.say(BusFixture::hello(1, 1));
    REQUIRE(proxy.hear<Welcome>());
    for (unsigned seq = 1; seq <= 20; ++seq) proxy.send(seq, make_event(seq));
    REQUIRE(proxy.hear_ack(20));
    receiver.reset();
    receiver = f.start();
    proxy.say(Ping{"proxy-1", "instance-1", 31, 0});
    const std::optional<Greet> greet = proxy.hear<Greet>();
    REQUIRE(greet);
    CHECK(greet->instance_id == "instance-2");
    proxy.say(BusFixture::hello(11, 31));
    const std::optional<Welcome> welcome = proxy.hear<Welcome>();
    REQUIRE(welcome);
    CHECK(welcome->resume_seq == 21);
    for (unsigned seq = 15; seq <= 30; ++seq) proxy.send(seq, make_event(seq));
    REQUIRE(proxy.hear_ack(30));
    CHECK(f.stored() == "30|30");
}

TEST_CASE("a change of tokens reaches every proxy", "[bus]") {
    BusFixture f;
    const auto receiver = f.start();
    ProxyClient one("proxy-1", f.addresses);
    ProxyClient two("proxy-2", f.addresses);
    one.say(BusFixture::hello(1, 1));
    Hello other = BusFixture::hello(1, 1);
    other.proxy_id = "proxy-2";
    two.say(other);
    const std::optional<Welcome> welcome = one.hear<Welcome>();
    REQUIRE(welcome);
    REQUIRE(two.hear<Welcome>());
    const TokenChange change = receiver->writer.run([&](StoreWriter& store) {
        TokenChange added = store.add_token({"t1", sha256("k"), "ann", "api", 1, std::nullopt});
        receiver->bus.post(*added.registry);
        return added;
    });
    receiver->bus.wait_until_sent();
    for (ProxyClient* proxy : {&one, &two}) {
        const std::optional<RegistryChange> heard = proxy->hear<RegistryChange>();
        REQUIRE(heard);
        CHECK(heard->from_version == welcome->registry->version);
        CHECK(heard->version == change.registry->version);
        CHECK(heard->tokens == change.registry->tokens);
    }
    one.say(BusFixture::hello(1, 1, change.registry->version));
    CHECK_FALSE(one.hear<Welcome>().value().registry);
}

TEST_CASE("poison on the bus is counted and stops nothing", "[bus]") {
    BusFixture f;
    const auto receiver = f.start();
    ProxyClient proxy("proxy-1", f.addresses);
    proxy.say_raw("nonsense");
    proxy.say_raw("");
    proxy.say(Ack{1});
    proxy.say(BusFixture::hello(1, 1));
    REQUIRE(proxy.hear<Welcome>());
    proxy.send_raw("no envelope", "{}");
    proxy.send_raw(encode_envelope({"proxy-1", 1}), "no event");
    proxy.send_raw(encode_envelope({"stranger", 1}), "no event");
    proxy.send(2, make_event(2));
    REQUIRE(proxy.hear_ack(2));
    CHECK(f.stored() == "1|1");
    CHECK(f.query("SELECT seq, payload FROM quarantine") == "1|no event");
    const BusStatus status = receiver->bus.status();
    CHECK(status.malformed_messages == 4);
    CHECK(status.unannounced_events == 1);
    CHECK(status.proxies.at(0).quarantined == 1);
}

TEST_CASE("a full queue stops the reading of events, not the control socket", "[bus]") {
    BusFixture f;
    f.options.limits.events = 3;
    f.options.rule = {1000, milliseconds(600'000)};
    ProxyClient proxy("proxy-1", f.addresses);
    auto receiver = f.start();
    proxy.say(BusFixture::hello(1, 11));
    REQUIRE(proxy.hear<Welcome>());
    for (unsigned seq = 1; seq <= 10; ++seq) proxy.send(seq, make_event(seq));
    while (receiver->writer.has_room()) std::this_thread::yield();
    for (int i = 0; i < 3; ++i) {
        proxy.say(Ping{"proxy-1", "instance-1", 11, 0});
        CHECK(proxy.hear<Pong>().has_value());
    }
    CHECK(receiver->bus.status().proxies.at(0).received == 3);
    CHECK(receiver->writer.status().queue_events == 3);
    receiver.reset();  // It writes what is queued, and acks it on its way out.
    CHECK(proxy.hear_ack(3));
    CHECK(f.stored() == "3|3");
}

TEST_CASE("with room again, reading goes on", "[bus]") {
    BusFixture f;
    f.options.limits.events = 2;
    const auto receiver = f.start();
    ProxyClient proxy("proxy-1", f.addresses);
    proxy.say(BusFixture::hello(1, 1));
    REQUIRE(proxy.hear<Welcome>());
    for (unsigned seq = 1; seq <= 200; ++seq) proxy.send(seq, make_event(seq));
    REQUIRE(proxy.hear_ack(200));
    CHECK(f.stored() == "200|200");
}

TEST_CASE("sockets are for the owner and the group, stale ones are replaced", "[bus]") {
    BusFixture f;
    const auto mode = [&] {
        struct stat status {};
        REQUIRE(::stat(ipc_path(f.addresses.events).c_str(), &status) == 0);
        return status.st_mode & 0777;
    };
    auto receiver = f.start();
    CHECK(mode() == 0660);
    // A second receiver must not take the first one's place.
    CHECK_THROWS_WITH(f.start(), Contains("in use"));
    receiver.reset();
    receiver = f.start();
    CHECK(mode() == 0660);
}

TEST_CASE("addresses that cannot be bound are named", "[bus]") {
    BusFixture f;
    const FixedClock clock;
    const auto bind = [&](const BusAddresses& addresses) {
        Bus bus(addresses, std::nullopt, Delivery("i", {}, {}), clock);
    };
    BusAddresses addresses = f.addresses;
    addresses.events = "ipc:///nonexistent/events.sock";
    CHECK_THROWS_WITH(bind(addresses), Contains("bus.events") && Contains("/nonexistent"));
    addresses.events = "tcp://0.0.0.0:5999";
    CHECK_THROWS_WITH(bind(addresses), Contains("loopback"));
    addresses.events = "ipc://" + f.directory.file("file");
    std::ofstream(f.directory.file("file")) << "precious";
    CHECK_THROWS_WITH(bind(addresses), Contains("no socket"));
    CHECK(std::filesystem::exists(f.directory.file("file")));
}
