// The server with clients that behave.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/common/http/server_fixture.hpp"

namespace ccproxy::http::test {

TEST_CASE("A request is answered and the connection kept", "[http][server]") {
    const ServerFixture fixture;
    RawClient client(fixture.port());
    for (int i = 0; i < 3; ++i) {
        client.send(request_text("POST", "/echo", {}, "hello"));
        const Answer answer = client.read_answer();
        CHECK(answer.status == 200);
        CHECK(answer.body == "POST echo hello");
        CHECK(answer.header("connection") == "keep-alive");
        CHECK(answer.header("x-content-type-options") == "nosniff");
    }
}

TEST_CASE("A connection ends when the client asks for it", "[http][server]") {
    const ServerFixture fixture;
    RawClient client(fixture.port());
    client.send(request_text("GET", "/a", {{"Connection", "close"}}));
    CHECK(client.read_answer().header("connection") == "close");
    CHECK(client.is_closed());
}

TEST_CASE("HTTP/1.0 is answered and closed", "[http][server]") {
    const ServerFixture fixture;
    RawClient client(fixture.port());
    client.send("GET /a HTTP/1.0\r\n\r\n");
    CHECK(client.read_answer().status == 200);
    CHECK(client.is_closed());
}

TEST_CASE("HEAD tells the length and sends no body", "[http][server]") {
    const ServerFixture fixture;
    RawClient client(fixture.port());
    client.send(request_text("HEAD", "/a"));
    CHECK(client.read_answer(false).header("content-length") == "7");
    client.send(request_text("GET", "/b"));
    CHECK(client.read_answer().body == "GET b ");
}

TEST_CASE("204 has neither body nor length", "[http][server]") {
    const ServerFixture fixture;
    RawClient client(fixture.port());
    client.send(request_text("GET", "/empty") + request_text("GET", "/b"));
    const Answer empty = client.read_answer();
    CHECK(empty.status == 204);
    CHECK(empty.header("content-length").empty());
    CHECK(client.read_answer().body == "GET b ");
}

TEST_CASE("Requests sent at once are answered in their order", "[http][server]") {
    const ServerFixture fixture;
    RawClient client(fixture.port());
    std::string all;
    for (int i = 0; i < 20; ++i) all += request_text("POST", "/e", {}, std::to_string(i));
    client.send(all);
    for (int i = 0; i < 20; ++i) {
        CHECK(client.read_answer().body == std::string("POST e ").append(std::to_string(i)));
    }
}

TEST_CASE("A chunked body is put together, its trailers are not headers", "[http][server]") {
    const ServerFixture fixture;
    RawClient client(fixture.port());
    const std::string head =
        "POST /trailer HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.send(head + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Late: 1\r\n\r\n");
    CHECK(client.read_answer().body == "none");
    client.send("POST /e HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    CHECK(client.read_answer().body == "POST e abcde");
}

TEST_CASE("A client that waits for 100 gets it before it sends", "[http][server]") {
    const ServerFixture fixture;
    RawClient client(fixture.port());
    client.send("POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    CHECK(client.read_answer(false).status == 100);
    client.send("ok");
    CHECK(client.read_answer().body == "POST e ok");
}

TEST_CASE("A large answer arrives whole", "[http][server]") {
    const ServerFixture fixture;
    CHECK(exchange(fixture.port(), "GET", "/large").body.size() == 3'000'000);
}

TEST_CASE("A handler that throws is a 500, and the server goes on", "[http][server]") {
    const ServerFixture fixture;
    RawClient client(fixture.port());
    for (const char* path : {"/throw", "/throw-odd"}) {
        client.send(request_text("GET", path));
        const Answer answer = client.read_answer();
        CHECK(answer.status == 500);
        CHECK(answer.body == R"({"error":"internal error"})");
        CHECK(answer.header("x-content-type-options") == "nosniff");
    }
    client.send(request_text("GET", "/a"));
    CHECK(client.read_answer().status == 200);
}

TEST_CASE("Fifty clients are served at once on kept connections", "[http][server]") {
    const ServerFixture fixture;
    std::vector<std::thread> clients;
    std::atomic<int> right = 0;
    for (int c = 0; c < 50; ++c) {
        clients.emplace_back([&, c] {
            RawClient client(fixture.port());
            for (int i = 0; i < 40; ++i) {
                const std::string body = std::to_string(c) + "." + std::to_string(i);
                client.send(request_text("POST", "/e", {}, body));
                if (client.read_answer().body == "POST e " + body) ++right;
            }
        });
    }
    for (std::thread& client : clients) client.join();
    CHECK(right == 2000);
}

TEST_CASE("Every thread has a handler of its own", "[http][server]") {
    int made = 0;
    ServerOptions options;
    options.threads = 3;
    Server server(options, [&made] {
        ++made;
        return [](const Request&) { return json_response(200, "{}"); };
    });
    server.start();
    CHECK(made == 3);
    CHECK(exchange(server.port(), "GET", "/").status == 200);
    server.stop();
    server.stop();
}

TEST_CASE("A start that fails says why", "[http][server]") {
    const ServerFixture taken;
    const auto start = [](const std::string& host, std::uint16_t port) {
        ServerOptions options;
        options.listen_host = host;
        options.port = port;
        Server server(options, [] { return [](const Request&) { return Response(); }; });
        server.start();
    };
    CHECK_THROWS_WITH(start("127.0.0.1", taken.port()),
                      Catch::Contains("cannot listen on 127.0.0.1:") && Catch::Contains("in use"));
    CHECK_THROWS_WITH(start("nowhere", 0), Catch::Contains("not an IP address"));
    Server broken(ServerOptions{}, []() -> Handler { throw std::runtime_error("no database"); });
    CHECK_THROWS_WITH(broken.start(), "no database");
}

TEST_CASE("Stopping lets a running request end and closes idle connections", "[http][server]") {
    ServerFixture fixture;
    RawClient idle(fixture.port());
    RawClient used(fixture.port());
    used.send(request_text("GET", "/a"));
    used.read_answer();
    RawClient running(fixture.port());
    running.send(request_text("GET", "/wait"));
    fixture.gate.await_waiting(1);

    std::thread stopper([&] { fixture.server.stop(); });
    CHECK(idle.is_closed());
    CHECK(used.is_closed());
    fixture.gate.open();
    const Answer answer = running.read_answer();
    CHECK(answer.status == 200);
    CHECK(answer.header("connection") == "close");
    stopper.join();
    CHECK_THROWS(RawClient(fixture.port()));
}

TEST_CASE("Stopping does not wait for a client that does not read or send", "[http][server]") {
    ServerOptions options;
    options.stop_timeout = std::chrono::milliseconds(50);
    ServerFixture fixture(options);
    RawClient half(fixture.port());
    half.send("POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    CHECK(half.read_answer(false).status == 100);
    fixture.server.stop();
    CHECK(half.is_closed());
}

TEST_CASE("Stopping leaves a client whose handler takes too long", "[http][server]") {
    ServerOptions options;
    options.stop_timeout = std::chrono::milliseconds(50);
    ServerFixture fixture(options);
    RawClient client(fixture.port());
    client.send(request_text("GET", "/wait"));
    fixture.gate.await_waiting(1);
    std::thread stopper([&] { fixture.server.stop(); });
    CHECK(client.is_closed());
    fixture.gate.open();
    stopper.join();
}

}  // namespace ccproxy::http::test
