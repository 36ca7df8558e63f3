// The bus across machines: who is not listed gets nothing and changes nothing, over real sockets.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/analytics/bus/network_fixture.hpp"
#include "tests/unit/analytics/bus/proxy_client.hpp"
#include "tests/unit/analytics/bus/receiver.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;
using std::chrono::milliseconds;

namespace {

constexpr const char* ann = "ann-0123456789ab";
constexpr const char* ben = "ben-0123456789ab";
constexpr milliseconds a_while{400};

Hello hello(const std::string& proxy_id) {
    return {proxy_id, "test", 1, 1, "", 0};
}

/// Says and sends all that a proxy could.
void be_busy(ProxyClient& client, const std::string& as) {
    client.say(hello(as));
    client.say(Ping{as, "instance-1", 5, 99});
    client.say_raw("nonsense");
    client.send_raw(encode_envelope({as, 1}), "{}");
    client.send_raw("no envelope", "");
}

}  // namespace

TEST_CASE("a listed proxy is served over tcp with CURVE", "[bus][curve]") {
    NetworkFixture f({"ann", "ben"});
    const auto receiver = f.start();
    ProxyClient proxy(ann, f.addresses, f.keys_of("ann"));
    proxy.say(hello(ann));
    REQUIRE(proxy.hear<Welcome>());
    for (unsigned seq = 1; seq <= 50; ++seq) proxy.send(seq, make_event(seq));
    REQUIRE(proxy.hear_ack(50));
    CHECK(f.query("SELECT count(*) FROM request_logs") == "50");
    const BusStatus status = receiver->bus.status();
    CHECK(status.refused_keys == 0);
    CHECK(status.forged_messages == 0);
}

TEST_CASE("a stranger on the bus gets nothing and changes nothing", "[bus][curve]") {
    NetworkFixture f({"ann"});
    const auto receiver = f.start();
    ProxyClient listed(ann, f.addresses, f.keys_of("ann"));
    listed.say(hello(ann));
    REQUIRE(listed.hear<Welcome>());

    std::optional<ClientCurve> curve;
    bool is_asked_for = false;
    SECTION("without keys") {}
    SECTION("with keys, for another server") {
        curve = ClientCurve{make_curve_keys(), make_curve_keys().public_key};
    }
    SECTION("with the proxy's own keys, for another server") {
        curve = f.keys_of("ann");
        curve->server_public_key = make_curve_keys().public_key;
    }
    SECTION("with the server's key, and keys that are not listed") {
        curve = ClientCurve{make_curve_keys(), f.server.public_key};
        is_asked_for = true;
    }
    SECTION("with the server's key, and a listed public key whose secret it has not") {
        curve = ClientCurve{make_curve_keys(), f.server.public_key};
        curve->keys.public_key = f.keys_of("ann").keys.public_key;
    }
    ProxyClient stranger("stranger", f.addresses, curve);
    be_busy(stranger, ann);
    CHECK(stranger.hears_nothing(a_while));
    const BusStatus status = receiver->bus.status();
    CHECK((status.refused_keys > 0) == is_asked_for);
    CHECK(status.malformed_messages == 0);
    CHECK(status.unannounced_events == 0);
    CHECK(status.forged_messages == 0);
    REQUIRE(status.proxies.size() == 1);
    CHECK(status.proxies[0].received == 0);
    CHECK(status.proxies[0].dropped == 0);
    CHECK(status.proxies[0].next_seq == 1);

    listed.send(1, make_event(1));
    CHECK(listed.hear_ack(1));
    CHECK(f.query("SELECT count(*) FROM request_logs") == "1");
    CHECK(f.query("SELECT count(*) FROM quarantine") == "0");
}

TEST_CASE("bytes that are no ZeroMQ at all do no harm", "[bus][curve]") {
    NetworkFixture f({"ann"});
    const auto receiver = f.start();
    for (const std::string& bytes :
         {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(5000, '\xff'),
          std::string("\xff\0\0\0\0\0\0\0\1\x7f\3", 11)}) {
        for (const std::uint16_t port : f.ports) {
            const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(port);
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            REQUIRE(::connect(socket, reinterpret_cast<const sockaddr*>(&address),
                              sizeof address) == 0);
            (void)::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            ::close(socket);
        }
    }
    ProxyClient proxy(ann, f.addresses, f.keys_of("ann"));
    proxy.say(hello(ann));
    CHECK(proxy.hear<Welcome>().has_value());
}

TEST_CASE("a listed proxy does not speak for another", "[bus][curve]") {
    NetworkFixture f({"ann", "ben", "ben-ann"});
    const auto receiver = f.start();
    ProxyClient proxy(ann, f.addresses, f.keys_of("ann"));
    proxy.say(hello(ann));
    REQUIRE(proxy.hear<Welcome>());
    proxy.send(1, make_event(1));
    REQUIRE(proxy.hear_ack(1));

    ProxyClient forger(ben, f.addresses, f.keys_of("ben"));
    for (const char* as : {ann, "ben", "ben-", "ben-ann-0123456789ab", "ben-0123456789aB", "-"}) {
        CAPTURE(as);
        forger.say(hello(as));
        forger.say(Ping{as, "instance-1", 77, 99});
        forger.send_raw(encode_envelope({as, 2}), "{}");
    }
    CHECK(forger.hears_nothing(a_while));
    const BusStatus status = receiver->bus.status();
    CHECK(status.forged_messages == 18);
    REQUIRE(status.proxies.size() == 1);
    CHECK(status.proxies[0].received == 1);
    CHECK(status.proxies[0].next_seq == 2);

    // Neither what ann sends nor what she hears has gone elsewhere.
    proxy.send(2, make_event(2));
    CHECK(proxy.hear_ack(2));
    CHECK(f.query("SELECT count(*) FROM request_logs") == "2");
    CHECK(f.query("SELECT count(*) FROM quarantine") == "0");
    forger.say(hello(ben));
    CHECK(forger.hear<Welcome>().has_value());
}

TEST_CASE("a proxy that is listed later comes in without a restart of its own", "[bus][curve]") {
    NetworkFixture f({"ann"});
    auto receiver = f.start();
    const CurveKeys keys = make_curve_keys();
    ProxyClient proxy(ben, f.addresses, ClientCurve{keys, f.server.public_key});
    proxy.say(hello(ben));
    CHECK(proxy.hears_nothing(a_while));
    receiver.reset();
    f.allow("ben", keys.public_key);
    receiver = f.start();
    proxy.say(hello(ben));
    CHECK(proxy.hear<Welcome>().has_value());
}

TEST_CASE("a proxy may have two keys while it changes them", "[bus][curve]") {
    NetworkFixture f({"ann"});
    const CurveKeys next = make_curve_keys();
    f.allow("ann", next.public_key);
    const auto receiver = f.start();
    for (const CurveKeys& keys : {f.keys_of("ann").keys, next}) {
        ProxyClient proxy(ann, f.addresses, ClientCurve{keys, f.server.public_key});
        proxy.say(hello(ann));
        CHECK(proxy.hear<Welcome>().has_value());
    }
}

TEST_CASE("without keys the network is out of reach, with them it is not", "[bus][curve]") {
    NetworkFixture f({"ann"});
    const FixedClock clock;
    const BusAddresses anywhere{"tcp://0.0.0.0:" + std::to_string(f.ports[0]),
                                "tcp://0.0.0.0:" + std::to_string(f.ports[1])};
    CHECK_THROWS_WITH(Bus(anywhere, std::nullopt, Delivery("i", {}, {}), clock),
                      Catch::Contains("loopback"));
    CHECK_NOTHROW(Bus(anywhere, f.curve(), Delivery("i", {}, {}), clock));
}

TEST_CASE("a name speaks for its own journals alone", "[bus][curve]") {
    CHECK(may_speak_for("a", "a-0123456789ab"));
    CHECK(may_speak_for("a-b", "a-b-0123456789ab"));
    for (const char* proxy_id :
         {"", "a", "a-", "b-0123456789ab", "a-b-0123456789ab", "a_0123456789ab", "a-0123456789aB",
          "a-0123456789abc", "a-0123456789a", "a-0123456789a-", "A-0123456789ab"}) {
        CAPTURE(proxy_id);
        CHECK_FALSE(may_speak_for("a", proxy_id));
    }
    CHECK_FALSE(may_speak_for("", "-0123456789ab"));
}
