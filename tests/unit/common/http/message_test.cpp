#include "common/http/message.hpp"

#include <catch2/catch.hpp>

#include "common/http/framing.hpp"

namespace ccproxy::http {

TEST_CASE("A head has what the response says and nothing forged", "[http][message]") {
    Response response = json_response(200, "{}");
    response.headers.push_back({"x-text", "a\r\nset-cookie: b"});
    const std::string head = response_head(
        response, {{"x-extra", "1"}, {"Content-Type", "text/plain"}}, Persistence::keep_alive);
    CHECK(head ==
          "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-text: a  set-cookie: b\r\n"
          "x-extra: 1\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\n");
}

TEST_CASE("A response that has no body announces none", "[http][message]") {
    Response response;
    response.status = 204;
    CHECK(response_head(response, {}, Persistence::close) ==
          "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
}

TEST_CASE("An error's text is quoted", "[http][message]") {
    CHECK(error_response(400, "say \"x\"\n").body == R"({"error":"say \"x\"\n"})");
}

TEST_CASE("Clear framing is taken", "[http][framing]") {
    const Field host{"Host", "a"};
    CHECK_FALSE(framing_problem(1, {host}));
    CHECK_FALSE(framing_problem(0, {}));
    CHECK_FALSE(framing_problem(1, {host, {"content-length", "12"}}));
    CHECK_FALSE(framing_problem(1, {host, {"Transfer-Encoding", "Chunked"}}));
}

TEST_CASE("Doubtful framing is refused", "[http][framing]") {
    const Field host{"Host", "a"};
    const Field chunked{"Transfer-Encoding", "chunked"};
    const Field length{"Content-Length", "3"};
    CHECK(framing_problem(1, {}));
    CHECK(framing_problem(1, {host, host}));
    CHECK(framing_problem(0, {host, host}));
    CHECK(framing_problem(1, {host, length, length}));
    CHECK(framing_problem(1, {host, chunked, length}));
    CHECK(framing_problem(1, {host, chunked, chunked}));
    CHECK(framing_problem(0, {host, chunked}));
    for (const char* encoding : {"gzip", "xchunked", "chunked, gzip", "gzip, chunked", "identity",
                                 "chunked,", "", "\"chunked\"", "chunked;q=1"}) {
        CAPTURE(encoding);
        CHECK(framing_problem(1, {host, {"transfer-encoding", encoding}}));
    }
    for (const char* size : {"", "-1", "+1", "0x1", "1,1", "1 1", "1a"}) {
        CAPTURE(size);
        CHECK(framing_problem(1, {host, {"content-length", size}}));
    }
}

}  // namespace ccproxy::http
