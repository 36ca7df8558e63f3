#include "proxy/http/head.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::http1 {
namespace {

std::string refused(const std::string& head) {
    const Result<RequestHead> result = parse_request_head(head);
    return result ? "taken" : result.error().message;
}

const std::string host = "Host: x\r\n";

}  // namespace

TEST_CASE("a request's head is read") {
    const RequestHead head =
        parse_request_head(
            "POST /v1/messages?beta=true HTTP/1.1\r\nHost: x\r\n"
            "X-Api-Key:  k \r\nContent-Length: 12\r\nConnection: Foo, close\r\n\r\n")
            .value();
    CHECK(head.method == "POST");
    CHECK(head.target == "/v1/messages?beta=true");
    CHECK(head.minor_version == 1);
    CHECK(head.fields.get("x-api-key") == "k");
    CHECK(head.fields.lists("connection", "foo"));
    CHECK(head.framing.kind == Framing::Kind::length);
    CHECK(head.framing.length == 12);
    CHECK_FALSE(head.keep_alive);
}

TEST_CASE("the end of a head is found only where it is") {
    CHECK(find_head_end("GET / HTTP/1.1\r\nHost: x\r\n") == 0);
    CHECK(find_head_end("GET / HTTP/1.1\r\n\r\nmore") == 18);
}

TEST_CASE("what cannot become an answer is told early") {
    for (const char* good : {"", "H", "HTTP/1", "HTTP/1.1 200 OK\r\nA: b\r\n",
                             "HTTP/1.1 200 OK\r\n\r\ndata: a body of events\n\n"}) {
        CAPTURE(good);
        CHECK(may_become_response(good));
    }
    for (const char* bad : {"\r", "SSH-2.0", "HTTP/2", "http/1.1", "HTTP/1.1 200 OK\nA: b\n\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(may_become_response(bad));
    }
}

TEST_CASE("framing that two servers could read differently is refused") {
    const auto with = [](const std::string& fields) {
        return refused("POST / HTTP/1.1\r\n" + host + fields + "\r\n");
    };
    CHECK(with("Transfer-Encoding: chunked\r\n") == "taken");
    CHECK(with("Transfer-Encoding: Chunked\r\n") == "taken");
    const std::string te = "Transfer-Encoding must be chunked and nothing else";
    CHECK(with("Transfer-Encoding: gzip\r\n") == te);
    CHECK(with("Transfer-Encoding: xchunked\r\n") == te);
    CHECK(with("Transfer-Encoding: chunked, gzip\r\n") == te);
    CHECK(with("Transfer-Encoding: gzip, chunked\r\n") == te);
    CHECK(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") != "taken");
    CHECK(with("Transfer-Encoding:\x0b"
               "chunked\r\n") != "taken");
    CHECK(with("Transfer-Encoding : chunked\r\n") != "taken");
    CHECK(with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n") != "taken");
    CHECK(with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") != "taken");
    CHECK(with("Content-Length: 3\r\nContent-Length: 3\r\n") != "taken");
    CHECK(with("Content-Length: 3, 3\r\n") != "taken");
    CHECK(with("Content-Length: +3\r\n") != "taken");
    CHECK(with("Content-Length: -3\r\n") != "taken");
    CHECK(with("Content-Length: 0x3\r\n") != "taken");
    CHECK(with("Content-Length: 99999999999999999999999\r\n") != "taken");
    CHECK(with("Content-Length:\r\n") != "taken");
    CHECK(refused("POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n") ==
          "HTTP/1.0 knows no Transfer-Encoding");
}

TEST_CASE("a malformed head is refused") {
    CHECK(refused("GET / HTTP/1.1\r\n\r\n") == "Host is missing");
    CHECK(refused("GET / HTTP/1.0\r\n\r\n") == "taken");
    CHECK(refused("GET / HTTP/1.1\r\n" + host + host + "\r\n") == "there is more than one Host");
    CHECK(refused("GET / HTTP/1.1\r\n" + host + "A: b\r\n c\r\n\r\n") == "a header line is folded");
    CHECK(refused("GET / HTTP/1.1\nHost: x\n\r\n\r\n") == "a line does not end in CR LF");
    CHECK(refused("GET / HTTP/1.1\r\n" + host + "A: b\rc\r\n\r\n") ==
          "a line does not end in CR LF");
    CHECK(refused("GET / HTTP/1.1\r\n" + host + std::string("A: b\0c\r\n\r\n", 10)) ==
          "the head holds a control character");
    CHECK(refused("GET / HTTP/1.1\r\n" + host + "A: " + std::string(70'000, 'b') + "\r\n\r\n") ==
          "a header field is too long");
    CHECK(refused("GET / HTTP/2.0\r\n" + host + "\r\n") != "taken");
    CHECK(refused("GET  / HTTP/1.1\r\n" + host + "\r\n") != "taken");
    CHECK(refused("GET /\xE4 HTTP/1.1\r\n" + host + "\r\n") != "taken");
    CHECK(refused("GET\r\n\r\n") != "taken");
    CHECK(refused("\x16\x03\x01\r\n\r\n") != "taken");
}

TEST_CASE("the framing of an answer follows its status, its method and its fields") {
    const auto kind = [](const std::string& head, const char* method = "POST") {
        return parse_response_head(head, method).value().framing.kind;
    };
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    CHECK(kind(ok + "Content-Length: 5\r\n\r\n") == Framing::Kind::length);
    CHECK(kind(ok + "Content-Length: 0\r\n\r\n") == Framing::Kind::none);
    CHECK(kind(ok + "Transfer-Encoding: chunked\r\n\r\n") == Framing::Kind::chunked);
    CHECK(kind(ok + "\r\n") == Framing::Kind::until_close);
    CHECK(kind(ok + "Content-Length: 5\r\n\r\n", "HEAD") == Framing::Kind::none);
    CHECK(kind("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n") == Framing::Kind::none);
    CHECK(kind("HTTP/1.1 304 Not Modified\r\n\r\n") == Framing::Kind::none);
    CHECK(kind("HTTP/1.1 100 Continue\r\n\r\n") == Framing::Kind::none);
    CHECK_FALSE(parse_response_head(ok + "\r\n", "POST").value().keep_alive);
    for (const char* fields :
         {"Content-Length: 1\r\nContent-Length: 2\r\n", "Transfer-Encoding: gzip\r\n",
          "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"}) {
        CAPTURE(fields);
        CHECK(parse_response_head(ok + fields + "\r\n", "POST").has_error());
    }
    CHECK(parse_response_head("SSH-2.0-x\r\n\r\n", "POST").has_error());
    CHECK(parse_response_head("HTTP/1.1 999 What\r\n\r\n", "POST").has_error());
}

}  // namespace ccproxy::http1
