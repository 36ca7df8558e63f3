// The server with clients that attack, stall or come in crowds.
#include <catch2/catch.hpp>

#include "tests/unit/common/http/server_fixture.hpp"

namespace ccproxy::http::test {
namespace {

/// What a client could hide behind a request whose end is in doubt.
const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

TEST_CASE("Bad framing is a 400, and nothing behind it is served", "[http][server][hostile]") {
    const std::string line = "POST /a HTTP/1.1\r\n";
    const std::string host = "Host: a\r\n";
    const std::vector<std::string> heads{
        line + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        line + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        line + host + "Transfer-Encoding: gzip\r\n\r\n",
        line + host + "Transfer-Encoding: xchunked\r\n\r\n",
        line + host + "Transfer-Encoding: chunked, gzip\r\n\r\n",
        line + host + "Transfer-Encoding: gzip, chunked\r\n\r\n",
        line + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        line + host + "Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n",
        line + host + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
        line + host + "Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
        line + host + "Content-Length: -1\r\n\r\n",
        line + host + "Content-Length: 0x5\r\n\r\n",
        line + host + "Content-Length: 99999999999999999999999\r\n\r\n",
        line + host + "Transfer-Encoding : chunked\r\n\r\n",
        line + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        line + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        "POST /a HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n",
        "GET /a HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /a HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\r\n\r\n",
        "\x16\x03\x01\x02\x03\x01\xfc\x03\x03 not TLS here\r\n\r\n",
    };
    ServerFixture fixture;
    for (const std::string& head : heads) {
        CAPTURE(head);
        RawClient client(fixture.port());
        client.send(head + smuggled);
        const Answer answer = client.read_answer();
        CHECK((answer.status == 400 || answer.status == 413));
        CHECK(answer.body.starts_with(R"({"error":")"));
        CHECK(answer.header("connection") == "close");
        CHECK(answer.header("x-content-type-options") == "nosniff");
        CHECK(client.is_closed());
    }
    CHECK(fixture.requests == 0);
    CHECK(exchange(fixture.port(), "GET", "/a").status == 200);
}

TEST_CASE("A folded header is a 400, in one piece and in many", "[http][server][hostile]") {
    const std::vector<std::string> heads{
        "GET /a HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nX:\r\n chunked\r\n\r\n",
        "GET /a HTTP/1.1\r\n Host: a\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
    };
    ServerFixture fixture;
    for (const std::string& head : heads) {
        CAPTURE(head);
        RawClient whole(fixture.port());
        whole.send(head + smuggled);
        CHECK(whole.read_answer().status == 400);
        CHECK(whole.is_closed());
        RawClient slow(fixture.port());
        for (const char c : head) slow.send(std::string(1, c));
        CHECK(slow.read_answer().status == 400);
        CHECK(slow.is_closed());
    }
    CHECK(fixture.requests == 0);

    // White space elsewhere is none of that, and a body may look like anything.
    RawClient good(fixture.port());
    good.send(request_text("POST", "/a", {{"X", "b  c"}}, "x\r\n y\n\tz"));
    CHECK(good.read_answer().status == 200);
    good.send(request_text("GET", "/a") + request_text("GET", "/a", {}, "\n "));
    CHECK(good.read_answer().status == 200);
    CHECK(good.read_answer().status == 200);
}

TEST_CASE("A head beyond its limit is a 431", "[http][server][hostile]") {
    ServerFixture fixture;
    for (const std::string& start :
         {std::string("GET /a HTTP/1.1\r\nHost: a\r\nX: "), std::string("GET /")}) {
        RawClient client(fixture.port());
        client.send(start + std::string(17 * 1024, 'x'));
        CHECK(client.read_answer().status == 431);
        CHECK(client.is_closed());
    }
    RawClient many(fixture.port());
    std::string head = "GET /a HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 4000; ++i) head += "a: b\r\n";
    many.send(head + "\r\n");
    CHECK(many.read_answer().status == 431);
    CHECK(fixture.requests == 0);

    const Answer below = exchange(fixture.port(), "GET", "/a", {{"X", std::string(15'000, 'x')}});
    CHECK(below.status == 200);
}

TEST_CASE("A body beyond its limit is a 413 that the client sees", "[http][server][hostile]") {
    ServerFixture fixture;
    const std::string limit(1024 * 1024, 'x');
    CHECK(exchange(fixture.port(), "POST", "/a", {}, limit).status == 200);

    RawClient announced(fixture.port());
    announced.send(request_text("POST", "/a", {}, limit + "x"));
    CHECK(announced.read_answer().status == 413);
    CHECK(announced.is_closed());

    RawClient chunked(fixture.port());
    chunked.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    chunked.send("200000\r\n" + limit + limit + "\r\n0\r\n\r\n");
    CHECK(chunked.read_answer().status == 413);
    CHECK(chunked.is_closed());

    RawClient waiting(fixture.port());
    waiting.send(
        "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n");
    CHECK(waiting.read_answer().status == 413);
    CHECK(fixture.requests == 1);
}

TEST_CASE("A client that stalls loses its connection in every phase", "[http][server][hostile]") {
    ServerOptions options;
    options.head_timeout = options.body_timeout = options.idle_timeout =
        std::chrono::milliseconds(100);
    ServerFixture fixture(options);

    RawClient silent(fixture.port());
    CHECK(silent.is_closed());
    RawClient in_head(fixture.port());
    in_head.send("GET /a HTTP/1.1\r\nHo");
    CHECK(in_head.is_closed());
    RawClient in_body(fixture.port());
    in_body.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    CHECK(in_body.is_closed());
    RawClient idle(fixture.port());
    idle.send(request_text("GET", "/a"));
    CHECK(idle.read_answer().status == 200);
    CHECK(idle.is_closed());
    CHECK(fixture.requests == 1);
}

TEST_CASE("A client that does not read loses its connection", "[http][server][hostile]") {
    ServerOptions options;
    options.write_timeout = std::chrono::milliseconds(100);
    options.stop_timeout = std::chrono::seconds(60);
    ServerFixture fixture(options);
    RawClient client(fixture.port());
    client.send(request_text("GET", "/wait-huge"));
    fixture.gate.await_waiting(1);
    fixture.gate.open();
    // Stopping waits for the answer, which does not fit into what the sockets hold.
    const auto start = std::chrono::steady_clock::now();
    fixture.server.stop();
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
    CHECK(client.read_to_end().size() < ServerFixture::huge_bytes);
}

TEST_CASE("The time that a handler takes is not held against the client", "[http][server]") {
    ServerOptions options;
    options.head_timeout = options.body_timeout = options.idle_timeout =
        std::chrono::milliseconds(50);
    ServerFixture fixture(options);
    RawClient waiting(fixture.port());
    waiting.send(request_text("GET", "/wait"));
    fixture.gate.await_waiting(1);
    RawClient stalled(fixture.port());
    CHECK(stalled.is_closed());  // Takes a time-out longer than the waiting client's.
    fixture.gate.open();
    CHECK(waiting.read_answer().status == 200);
}

TEST_CASE("A full queue is a 503 that says when to come again", "[http][server][hostile]") {
    ServerOptions options;
    options.threads = 1;
    options.max_queued = 1;
    ServerFixture fixture(options);
    RawClient running(fixture.port());
    running.send(request_text("GET", "/wait"));
    fixture.gate.await_waiting(1);

    // One of the two waits in the queue, the other is refused: whichever the server read last.
    RawClient first(fixture.port());
    RawClient second(fixture.port());
    first.send(request_text("GET", "/a"));
    second.send(request_text("GET", "/a"));
    const bool first_refused = first_with_answer(first, second);
    RawClient& refused = first_refused ? first : second;
    RawClient& queued = first_refused ? second : first;
    const Answer answer = refused.read_answer();
    CHECK(answer.status == 503);
    CHECK(answer.header("retry-after") == "1");
    CHECK(fixture.requests == 1);

    fixture.gate.open();
    CHECK(running.read_answer().status == 200);
    CHECK(queued.read_answer().status == 200);
    refused.send(request_text("GET", "/a"));
    CHECK(refused.read_answer().status == 200);
}

TEST_CASE("Connections beyond the limit are refused, and later ones taken", "[http][server]") {
    ServerOptions options;
    options.max_connections = 2;
    ServerFixture fixture(options);
    {
        RawClient first(fixture.port());
        RawClient second(fixture.port());
        for (RawClient* client : {&first, &second}) {
            client->send(request_text("GET", "/a"));
            CHECK(client->read_answer().status == 200);
        }
        RawClient third(fixture.port());
        const Answer refused = third.read_answer();
        CHECK(refused.status == 503);
        CHECK(refused.header("retry-after") == "1");
        CHECK(refused.header("x-content-type-options") == "nosniff");
        CHECK(third.is_closed());
        first.send(request_text("GET", "/a", {{"Connection", "close"}}));
        CHECK(first.read_answer().status == 200);
        CHECK(first.is_closed());
    }
    for (int status = 503; status != 200;) {
        RawClient later(fixture.port());
        later.send(request_text("GET", "/a"));
        status = later.read_answer().status;
    }
}

}  // namespace ccproxy::http::test
