// The server under TLS with clients that do not speak it, or not to the end. That it works with
// those that do is shown with real ones, by the integration tests.
#include <catch2/catch.hpp>

#include "tests/unit/common/http/server_fixture.hpp"
#include "tests/unit/common/net/test_certificate.hpp"

namespace ccproxy::http::test {
namespace {

/// A server under TLS with a certificate of its own.
struct TlsFixture {
    explicit TlsFixture(ServerOptions options = {})
        : fixture([&] {
              options.tls = std::make_shared<net::TlsServer>(certificate.files());
              options.counters = &counters;
              return options;
          }()) {}

    net::test::TestCertificate certificate;
    ServerCounters counters;
    ServerFixture fixture;
};

/// The start of a record that announces 512 bytes of a ClientHello.
constexpr std::string_view half_hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);

}  // namespace

TEST_CASE("A handshake that does not come to its end is cut", "[http][server][tls]") {
    ServerOptions options;
    options.head_timeout = std::chrono::milliseconds(50);
    TlsFixture tls(options);
    for (const std::string_view said : {std::string_view(), half_hello}) {
        RawClient client(tls.fixture.port());
        client.send(said);
        CHECK(client.read_to_end().empty());
    }
    tls.fixture.server.stop();
    CHECK(tls.counters.failed_handshakes == 2);
    CHECK(tls.fixture.requests == 0);
}

TEST_CASE("Plain HTTP is told so in the clear", "[http][server][tls]") {
    const TlsFixture tls;
    RawClient client(tls.fixture.port());
    client.send(request_text("POST", "/echo", {}, "hello"));
    const Answer answer = client.read_answer();
    CHECK(answer.status == 400);
    CHECK(answer.header("connection") == "close");
    CHECK(answer.header("x-content-type-options") == "nosniff");
    CHECK(answer.body.find("https://") != std::string::npos);
    CHECK(client.is_closed());
    CHECK(tls.fixture.requests == 0);
}

TEST_CASE("Stopping closes a connection in the middle of its handshake", "[http][server][tls]") {
    TlsFixture tls;
    RawClient client(tls.fixture.port());
    client.send(half_hello);
    tls.fixture.server.stop();
    CHECK(client.is_closed());
}

TEST_CASE("Too many connections under TLS are closed without a word", "[http][server][tls]") {
    ServerOptions options;
    options.max_connections = 1;
    const TlsFixture tls(options);
    const RawClient first(tls.fixture.port());
    RawClient second(tls.fixture.port());
    CHECK(second.read_to_end().empty());
    CHECK(tls.counters.refused_connections == 1);
}

}  // namespace ccproxy::http::test
