#include "proxy/openai/response.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::openai {
namespace {

constexpr std::int64_t now_s = 1'700'000'000;

/// A message with these blocks and what follows its content.
std::string message(const std::string& blocks, const std::string& rest) {
    return R"({"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[)" +
           blocks + "]," + rest + "}";
}

/// The one choice, and what follows it, of the completion.
std::string choice(const std::string& json) {
    const Result<std::string> made = translate_message(json, now_s);
    if (!made) FAIL(made.error().message);
    const std::string head = R"({"id":"msg_1","object":"chat.completion","created":1700000000,)"
                             R"("model":"claude","choices":[{"index":0,"message":)"
                             R"({"role":"assistant","content":)";
    REQUIRE(made->substr(0, head.size()) == head);
    return made->substr(head.size());
}

}  // namespace

TEST_CASE("a message of text") {
    CHECK(choice(message(R"({"type":"text","text":"Hel"},{"type":"text","text":"lo\n\"世界\""})",
                         R"("stop_reason":"end_turn","usage":{"input_tokens":3,)"
                         R"("cache_creation_input_tokens":20,"cache_read_input_tokens":100,)"
                         R"("output_tokens":7})")) ==
          R"("Hello\n\"世界\"","refusal":null},"logprobs":null,"finish_reason":"stop"}],)"
          R"("usage":{"prompt_tokens":123,"completion_tokens":7,"total_tokens":130,)"
          R"("prompt_tokens_details":{"cached_tokens":100}}})");
}

TEST_CASE("calls of tools, with their arguments as text") {
    CHECK(choice(message(R"({"type":"tool_use","id":"t1","name":"f","input":{"a":[1.5,{"b":null}],)"
                         R"("c":9007199254740993}},{"type":"tool_use","id":"t2","name":"g",)"
                         R"("input":{}})",
                         R"("stop_reason":"tool_use")")) ==
          R"(null,"refusal":null,"tool_calls":[{"id":"t1","type":"function","function":)"
          R"({"name":"f","arguments":"{\"a\":[1.5,{\"b\":null}],\"c\":9007199254740993}"}},)"
          R"({"id":"t2","type":"function","function":{"name":"g","arguments":"{}"}}]},)"
          R"("logprobs":null,"finish_reason":"tool_calls"}]})");
}

TEST_CASE("text before a call is kept, thinking is not shown") {
    CHECK(choice(message(R"({"type":"thinking","thinking":"Hm.","signature":"s"},)"
                         R"({"type":"redacted_thinking","data":"d"},{"type":"text","text":"So."},)"
                         R"({"type":"tool_use","id":"t","name":"f","input":{}})",
                         R"("stop_reason":"tool_use")"))
              .starts_with(R"("So.","refusal":null,"tool_calls":[{"id":"t")"));
}

TEST_CASE("each stop reason has its finish reason") {
    const std::pair<const char*, const char*> cases[] = {
        {"end_turn", "stop"},       {"stop_sequence", "stop"},
        {"max_tokens", "length"},   {"model_context_window_exceeded", "length"},
        {"tool_use", "tool_calls"}, {"refusal", "content_filter"},
        {"pause_turn", "stop"},     {"something_new", "stop"},
    };
    for (const auto& [stop, finish] : cases) {
        CAPTURE(stop);
        const std::string made =
            choice(message("", R"("stop_reason":")" + std::string(stop) + "\""));
        CHECK(made.find(R"("finish_reason":")" + std::string(finish) + "\"") != std::string::npos);
    }
}

TEST_CASE("an empty answer is an empty text, and unknown usage is not invented") {
    CHECK(choice(message("", R"("stop_reason":"end_turn")")) ==
          R"("","refusal":null},"logprobs":null,"finish_reason":"stop"}]})");
}

TEST_CASE("what is no message is an error") {
    for (const char* json : {"", "[]", "{}", R"({"type":"message"})", "<html>",
                             R"({"type":"message","content":"text"})", R"({"type":"error"})"}) {
        CAPTURE(json);
        CHECK(translate_message(json, now_s).has_error());
    }
    const std::string deep = message(
        R"({"type":"tool_use","input":{"a":)" + std::string(1'000'000, '[') + "}", "\"x\":1");
    CHECK(translate_message(deep, now_s).has_error());
}

}  // namespace ccproxy::openai
