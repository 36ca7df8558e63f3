#include "proxy/openai/error.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::openai {
namespace {

std::string error(const std::string& message, const std::string& type, const std::string& param,
                  const std::string& code) {
    return R"({"error":{"message":")" + message + R"(","type":")" + type + R"(","param":)" + param +
           R"(,"code":)" + code + "}}";
}

}  // namespace

TEST_CASE("each status has its type and code") {
    const struct {
        int status;
        const char* type;
        const char* code;
    } cases[] = {
        {400, "invalid_request_error", "null"},
        {401, "invalid_request_error", "\"invalid_api_key\""},
        {402, "insufficient_quota", "\"insufficient_quota\""},
        {403, "invalid_request_error", "\"permission_denied\""},
        {404, "invalid_request_error", "\"not_found\""},
        {405, "invalid_request_error", "null"},
        {408, "invalid_request_error", "\"request_timeout\""},
        {413, "invalid_request_error", "\"request_too_large\""},
        {429, "rate_limit_error", "\"rate_limit_exceeded\""},
        {499, "invalid_request_error", "null"},
        {500, "server_error", "null"},
        {502, "server_error", "null"},
        {503, "server_error", "\"overloaded\""},
        {504, "server_error", "\"timeout\""},
        {529, "server_error", "\"overloaded\""},
    };
    for (const auto& [status, type, code] : cases) {
        CAPTURE(status);
        CHECK(error_body(status, "Why.") == error("Why.", type, "null", code));
    }
}

TEST_CASE("a parameter is named, and texts from outside are made fit") {
    CHECK(error_body(400, "a\"b", "messages[0].content") ==
          error("a\\\"b", "invalid_request_error", "\"messages[0].content\"", "null"));
    CHECK(error_body(400, "\xFF") ==
          error("\xEF\xBF\xBD", "invalid_request_error", "null", "null"));
    CHECK(error_body(400, std::string(1'000'000, 'x')).size() < 8192);
}

TEST_CASE("an upstream's error keeps its message") {
    CHECK(translate_error(429, R"({"type":"error","error":{"type":"rate_limit_error",)"
                               R"("message":"Slow down."},"request_id":"r"})") ==
          error("Slow down.", "rate_limit_error", "null", "\"rate_limit_exceeded\""));
}

TEST_CASE("what is no error of the Messages API is named by its status") {
    for (const char* body : {"", "<html>502</html>", "{}", "[]", R"({"error":"text"})",
                             R"({"error":{"message":7}})", R"({"error":{"message":""}})"}) {
        CAPTURE(body);
        CHECK(translate_error(502, body) ==
              error("the upstream answered 502", "server_error", "null", "null"));
    }
}

TEST_CASE("an error event stands for the status of its type") {
    const auto translated = [](const char* json) {
        return translate_stream_error(parse_bounded(json).value());
    };
    CHECK(translated(R"({"error":{"type":"rate_limit_error","message":"Slow down."}})") ==
          error("Slow down.", "rate_limit_error", "null", "\"rate_limit_exceeded\""));
    CHECK(translated(R"({"error":{"type":"something_new","message":"Hm."}})") ==
          error("Hm.", "server_error", "null", "null"));
    CHECK(translated("{}") == error("the upstream failed", "server_error", "null", "null"));
}

}  // namespace ccproxy::openai
