// The server and the addresses of its clients.
#include <catch2/catch.hpp>
#include <optional>

#include "tests/unit/common/http/server_fixture.hpp"

namespace ccproxy::http::test {
namespace {

ServerOptions trusting(const char* network) {
    ServerOptions options;
    REQUIRE(options.trusted_proxies.add(network).has_value());
    return options;
}

std::string whose(const ServerFixture& fixture, const std::vector<Field>& headers) {
    RawClient client(fixture.port());
    client.send(request_text("GET", "/whose", headers));
    return client.read_answer().body;
}

}  // namespace

TEST_CASE("A request is its peer's, whatever it says", "[http][server][address]") {
    const ServerFixture fixture;
    CHECK(whose(fixture, {}) == "127.0.0.1");
    CHECK(whose(fixture, {{"X-Forwarded-For", "203.0.113.1"}}) == "127.0.0.1");
    const ServerFixture wary(trusting("10.0.0.0/8"));
    CHECK(whose(wary, {{"X-Forwarded-For", "203.0.113.1"}}) == "127.0.0.1");
}

TEST_CASE("A trusted peer says whose request it is", "[http][server][address]") {
    const ServerFixture fixture(trusting("127.0.0.0/8"));
    CHECK(whose(fixture, {}) == "127.0.0.1");
    CHECK(whose(fixture, {{"x-forwarded-for", "203.0.113.1"}}) == "203.0.113.1");
    CHECK(whose(fixture, {{"X-Forwarded-For", "203.0.113.1, 203.0.113.2"}}) == "203.0.113.2");
    CHECK(whose(fixture, {{"X-Forwarded-For", "203.0.113.1"}, {"X-Forwarded-For", "127.0.0.9"}}) ==
          "203.0.113.1");
}

TEST_CASE("Connections of one address have a limit, and come back", "[http][server][address]") {
    ServerOptions options;
    options.max_connections_per_address = 2;
    ServerCounters counters;
    options.counters = &counters;
    const ServerFixture fixture(options);
    std::optional<RawClient> first(fixture.port());
    RawClient second(fixture.port());
    for (RawClient* client : {&*first, &second}) {
        client->send(request_text("GET", "/a"));
        CHECK(client->read_answer().status == 200);
    }
    RawClient third(fixture.port());
    const Answer refused = third.read_answer();
    CHECK(refused.status == 429);
    CHECK(refused.header("retry-after") == "1");
    CHECK(third.is_closed());
    CHECK(counters.refused_connections == 1);

    // The place comes back when the server has seen the connection end, which may take a moment.
    first.reset();
    for (int status = 429; status != 200;) {
        RawClient client(fixture.port());
        client.send(request_text("GET", "/a"));
        status = client.read_answer().status;
    }
}

TEST_CASE("A trusted peer has no limit of connections", "[http][server][address]") {
    ServerOptions options = trusting("127.0.0.1");
    options.max_connections_per_address = 1;
    const ServerFixture fixture(options);
    RawClient first(fixture.port());
    RawClient second(fixture.port());
    for (RawClient* client : {&first, &second}) {
        client->send(request_text("GET", "/a"));
        CHECK(client->read_answer().status == 200);
    }
}

}  // namespace ccproxy::http::test
