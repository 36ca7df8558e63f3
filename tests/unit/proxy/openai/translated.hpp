// What the tests of the translators need.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "proxy/openai/request.hpp"

namespace ccproxy::openai {

inline Settings settings() {
    return {{{"gpt-4o", "claude-sonnet-4"}}, 1000};
}

/// The Messages request for a chat completion request; fails the test when there is none.
inline std::string translated(std::string_view body) {
    const auto result = translate_request(body, settings());
    if (!result) FAIL(result.error().message);
    return result->body;
}

/// What a request with these further members, and one message «Hi», becomes.
inline std::string with(const std::string& members) {
    return translated(R"({"model":"m","messages":[{"role":"user","content":"Hi"}],)" + members +
                      "}");
}

/// The turns, and before them the system prompt, that these messages become.
inline std::string conversation(const std::string& messages) {
    const std::string body = translated(R"({"model":"m","messages":)" + messages + "}");
    const std::string head = R"({"model":"m","max_tokens":1000,)";
    REQUIRE(body.substr(0, head.size()) == head);
    return body.substr(head.size(), body.size() - head.size() - 1);
}

/// What is wrong with a request: the parameter and the message.
inline Invalid problem_of(std::string_view body) {
    const auto result = translate_request(body, settings());
    if (result) FAIL("taken: " << result->body);
    return result.error();
}

inline Invalid problem_with(const std::string& members) {
    return problem_of(R"({"model":"m","messages":[{"role":"user","content":"Hi"}],)" + members +
                      "}");
}

inline Invalid problem_in(const std::string& messages) {
    return problem_of(R"({"model":"m","messages":)" + messages + "}");
}

}  // namespace ccproxy::openai
