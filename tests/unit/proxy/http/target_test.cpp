#include "proxy/http/target.hpp"

#include <catch2/catch.hpp>

#include "proxy/routes.hpp"

namespace ccproxy::http1 {

TEST_CASE("targets in origin and absolute form come to the same") {
    for (const char* target :
         {"/v1/messages?beta=true", "http://host/v1/messages?beta=true",
          "HTTPS://host:8080/v1/messages?beta=true", "/v1/v1/messages?beta=true"}) {
        CAPTURE(target);
        const Target parsed = parse_target(target).value();
        CHECK(parsed.path == "/v1/messages");
        CHECK(parsed.query == "?beta=true");
    }
    CHECK(parse_target("http://host").value().path == "/");
}

TEST_CASE("targets that could leave the base path are refused") {
    for (const char* target :
         {"*", "host:443", "", "?x", "/v1/../admin", "/v1/./x", "/v1/%2e%2E/admin", "/v1/.%2e/x",
          "/..", "/v1\\..\\x", "/v1/x#y", "http://host?x"}) {
        CAPTURE(target);
        CHECK(parse_target(target).has_error());
    }
    CHECK(parse_target("/v1/..x/%2ey").has_value());
}

TEST_CASE("other spellings of a path come to the same") {
    for (const char* path : {"/v1/messages", "/v1/messages/", "/v1//messages", "//v1/messages//",
                             "/v1/%6dessages", "/v1/%256dessages", "/V1/Messages",
                             "/v1;x/messages;a=b/", "/v1%2Fmessages", "/v1/messages%3Bx"}) {
        CAPTURE(path);
        CHECK(lenient_path(path) == "/v1/messages");
    }
    CHECK(lenient_path("/v1/messages/count_tokens") == "/v1/messages/count_tokens");
    CHECK(lenient_path("/v1/models/a%zz") == "/v1/models/a%zz");
    CHECK(lenient_path("/") == "/");
}

TEST_CASE("routes") {
    CHECK(find_route("POST", "/v1/messages") == Route::messages);
    CHECK(find_route("GET", "/v1/messages") == Route::pass_through);
    CHECK(find_route("POST", "/v1/chat/completions") == Route::chat_completions);
    CHECK(find_route("GET", "/v1/chat/completions") == Route::pass_through);
    CHECK(find_route("POST", "/v1/messages/count_tokens") == Route::pass_through);
    CHECK(find_route("CONNECT", "/v1/x") == Route::wrong_method);
    CHECK(find_route("HEAD", "/") == Route::hello);
    CHECK(find_route("POST", "/") == Route::wrong_method);
    CHECK(find_route("POST", "/api/event_logging/batch") == Route::telemetry);
    CHECK(find_route("GET", "/v1") == Route::unknown);
    CHECK(find_route("GET", "/etc/passwd") == Route::unknown);
}

}  // namespace ccproxy::http1
