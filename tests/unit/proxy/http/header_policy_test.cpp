#include "proxy/http/header_policy.hpp"

#include <catch2/catch.hpp>

#include "proxy/auth/client_credential.hpp"

namespace ccproxy::http1 {
namespace {

std::string upstream_sees(const std::string& fields) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
    std::string out;
    append_request_fields(parse_request_head(head).value(), out);
    return out;
}

}  // namespace

TEST_CASE("an upstream sees the client's fields without credential, framing and hops") {
    CHECK(
        upstream_sees("Anthropic-Version: 2023-06-01\r\nAuthorization: Bearer k\r\nX-Api-Key: k\r\n"
                      "Cookie: c\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\n"
                      "Content-Length: 2\r\nExpect: 100-continue\r\nX-Forwarded-For: 10.0.0.1\r\n"
                      "X-Proxy-Mode: api\r\nUpgrade: h2c\r\nX-Custom: kept\r\n") ==
        "anthropic-version: 2023-06-01\r\nx-custom: kept\r\naccept-encoding: identity\r\n");
}

TEST_CASE("the upstream is asked for gzip or identity only") {
    const auto coding = [](const std::string& accepted) {
        return upstream_sees("Accept-Encoding: " + accepted + "\r\n");
    };
    CHECK(coding("gzip, deflate, br, zstd") == "accept-encoding: gzip\r\n");
    CHECK(coding("br;q=1.0, GZIP;q=0.5") == "accept-encoding: gzip\r\n");
    CHECK(coding("*") == "accept-encoding: gzip\r\n");
    CHECK(coding("br, zstd") == "accept-encoding: identity\r\n");
    CHECK(coding("gzip;q=0") == "accept-encoding: identity\r\n");
    CHECK(coding("gzip; q=0.000") == "accept-encoding: identity\r\n");
    CHECK(upstream_sees("") == "accept-encoding: identity\r\n");
}

TEST_CASE("a client does not see what speaks of the upstream's host") {
    const ResponseHead head =
        parse_response_head(
            "HTTP/1.1 200 OK\r\nRequest-Id: r\r\nSet-Cookie: c\r\nAlt-Svc: h3\r\n"
            "Strict-Transport-Security: x\r\nTransfer-Encoding: chunked\r\nKeep-Alive: 5\r\n\r\n",
            "POST")
            .value();
    std::string out;
    append_response_fields(head, out);
    CHECK(out == "request-id: r\r\n");
}

TEST_CASE("the client's key comes as a Bearer or as x-api-key, and the Bearer counts") {
    const auto key = [](const std::string& fields) {
        const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
        const RequestHead parsed = parse_request_head(head).value();
        return std::string(auth::client_credential(parsed.fields));
    };
    CHECK(key("Authorization: bearer A\r\n") == "A");
    CHECK(key("X-Api-Key: B\r\n") == "B");
    CHECK(key("X-Api-Key: B\r\nAuthorization: Bearer A\r\n") == "A");
    CHECK(key("Authorization: Basic A\r\n").empty());
    CHECK(key("").empty());
}

}  // namespace ccproxy::http1
