#include "proxy/web/error.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::web {

TEST_CASE("errors of a backend") {
    const BackendError plain = read_error_body(
        403, R"({"type":"error","error":{"type":"permission_error","message":"No."}})", "secret");
    CHECK(plain.type == "permission_error");
    CHECK(plain.message == "No.");
    CHECK_FALSE(plain.resets_at_s.has_value());
    const BackendError unknown =
        read_error_body(500, R"({"error":{"type":"strange","message":"Oh."}})", "secret");
    CHECK(unknown.type == "api_error");
}

TEST_CASE("the message of a limit is a JSON text") {
    const BackendError limit = read_error_body(
        429,
        R"({"error":{"type":"rate_limit_error","message":"{\"type\":\"exceeded_limit\",)"
        R"(\"resetsAt\":1700000000,\"remaining\":0}"}})",
        "secret");
    CHECK(limit.message == "the account's limit is reached (exceeded_limit)");
    CHECK(limit.resets_at_s == 1'700'000'000);
    for (const char* message : {R"({broken)", R"({\"resetsAt\":\"soon\"})", R"({})"}) {
        CAPTURE(message);
        const std::string body = R"({"error":{"message":")" + std::string(message) + "\"}}";
        const BackendError error = read_error_body(429, body, "secret");
        CHECK_FALSE(error.message.empty());
        CHECK_FALSE(error.resets_at_s.has_value());
    }
}

TEST_CASE("of what is no error only the status is told") {
    for (const char* body : {"", "<!DOCTYPE html><html>page</html>", "7", "[]", R"({"error":7})",
                             R"({"error":{"type":"x"}})"}) {
        CAPTURE(body);
        CHECK(read_error_body(403, body, "").message ==
              "the web backend answered 403 with something that is no error of its API");
    }
}

TEST_CASE("the credential is never repeated, and no message is without end") {
    const BackendError error =
        read_error_body(401, R"({"error":{"message":"sid-1 or sid-1x is not known"}})", "sid-1");
    CHECK(error.message == "… or …x is not known");
    const std::string body = R"({"error":{"message":")" + std::string(5000, 'x') + "\"}}";
    CHECK(read_error_body(500, body, "").message.size() == 1024);
}

TEST_CASE("types have the statuses of the Messages API") {
    CHECK(status_of("overloaded_error") == 529);
    CHECK(status_of("rate_limit_error") == 429);
    CHECK(status_of("api_error") == 500);
    CHECK(status_of("strange") == 500);
}

}  // namespace ccproxy::web
