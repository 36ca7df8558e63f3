#include "proxy/web/request.hpp"

#include <catch2/catch.hpp>

#include "proxy/json/tree.hpp"

namespace ccproxy::web {
namespace {

Request translated(const std::string& body) {
    auto result = translate_request(body);
    if (!result) FAIL(result.error().message);
    return *std::move(result);
}

Invalid problem_of(const std::string& body) {
    const auto result = translate_request(body);
    if (result) FAIL("taken: " << result->body);
    return result.error();
}

/// The body of a request with these further members.
std::string with(const std::string& members) {
    return R"({"model":"m","messages":[{"role":"user","content":"Hi"}],)" + members + "}";
}

std::string prompt_of(const std::string& body) {
    const auto sent = parse_bounded(translated(body).body);
    return std::string(find_text(*sent, "prompt"));
}

std::string prompt_of_messages(const std::string& messages, const std::string& members = "") {
    return prompt_of(R"({"model":"m",)" + members + R"("messages":)" + messages + "}");
}

}  // namespace

TEST_CASE("what a backend is sent") {
    const Request request = translated(with(R"("max_tokens":9,"stop_sequences":["a","b"])"));
    CHECK(request.body == R"({"prompt":"Hi","model":"m","timezone":"UTC","attachments":[],)"
                          R"("files":[],"rendering_mode":"raw"})");
    CHECK(request.stop_sequences == std::vector<std::string>{"a", "b"});
    CHECK(request.prompt_tokens == 1);
    CHECK(translated(with(R"("system":"Grüße, 世界")")).prompt_tokens == 10);  // Of 32 characters.
}

TEST_CASE("a single message of the user's stands as it is") {
    CHECK(prompt_of_messages(R"([{"role":"user","content":" \"Hi\"\n"}])") == " \"Hi\"\n");
    CHECK(prompt_of_messages(R"([{"role":"user","content":[{"type":"text","text":"a"},)"
                             R"({"type":"text","text":""},{"type":"text","text":"b"}]}])") ==
          "a\n\nb");
    CHECK(prompt_of_messages(R"([{"role":"user","content":"a"}])", R"("system":"",)") == "a");
}

TEST_CASE("history and system prompt are flattened") {
    const std::string hi = R"({"role":"user","content":"Hi"})";
    CHECK(prompt_of_messages("[" + hi + "]", R"("system":[{"type":"text","text":"S"}],)") ==
          "S\n\nHuman: Hi\n\nAssistant:");
    CHECK(prompt_of_messages("[" + hi + R"(,{"role":"assistant","content":"Yes"},)" + hi + "]") ==
          "Human: Hi\n\nAssistant: Yes\n\nHuman: Hi\n\nAssistant:");
    CHECK(prompt_of_messages("[" + hi + R"(,{"role":"assistant","content":"{\"a\":"}])") ==
          "Human: Hi\n\nAssistant: {\"a\":");
    CHECK(prompt_of_messages("[" + hi + "," + hi + "]") == "Human: Hi\n\nHuman: Hi\n\nAssistant:");
    CHECK(prompt_of_messages("[" + hi +
                             R"(,{"role":"assistant","content":[{"type":"thinking","thinking":"?",)"
                             R"("signature":"s"},{"type":"text","text":"Yes"}]},)" +
                             hi + "]") == "Human: Hi\n\nAssistant: Yes\n\nHuman: Hi\n\nAssistant:");
}

TEST_CASE("what changes nothing, or only how much and how, is ignored") {
    for (const char* members :
         {R"("max_tokens":1)", R"("temperature":0.5)", R"("top_p":1)", R"("top_k":1)",
          R"("metadata":{"user_id":"u"})", R"("thinking":{"type":"enabled","budget_tokens":1024})",
          R"("stream":true)", R"("tools":[])", R"("tool_choice":{"type":"none"})",
          R"("tools":null)", R"("output_config":{"effort":"low"})"}) {
        CAPTURE(members);
        CHECK(prompt_of(with(members)) == "Hi");
    }
}

TEST_CASE("what a backend cannot do is refused by the name of its parameter") {
    const std::pair<const char*, const char*> members[] = {
        {"tools", R"("tools":[{"name":"f"}])"},
        {"tool_choice", R"("tool_choice":{"type":"auto"})"},
        {"mcp_servers", R"("mcp_servers":[{}])"},
        {"container", R"("container":"c")"},
        {"output_config", R"("output_config":{"format":{"type":"json_schema"}})"},
        {"output_format", R"("output_format":{})"},
        {"nonsense", R"("nonsense":1)"},
        {"stream", R"("stream":"yes")"},
        {"stop_sequences", R"("stop_sequences":"a")"},
        {"stop_sequences[1]", R"("stop_sequences":["a",""])"},
        {"system", R"("system":7)"},
        {"system[0].type", R"("system":[{"type":"image"}])"},
    };
    for (const auto& [param, text] : members) {
        CAPTURE(param);
        CHECK(problem_of(with(text)).param == param);
    }
    const std::pair<const char*, const char*> messages[] = {
        {"messages", "[]"},
        {"messages", "null"},
        {"messages", R"({"role":"user"})"},
        {"messages[0]", "[1,2]"},
        {"messages[0].role", R"([{"role":"system","content":"a"}])"},
        {"messages[0].content", R"([{"role":"user","content":""}])"},
        {"messages[0].content", R"([{"role":"user"}])"},
        {"messages[0].content[0]", R"([{"role":"user","content":["a"]}])"},
        {"messages[0].content[0].type", R"([{"role":"user","content":[{}]}])"},
        {"messages[0].content[0].type", R"([{"role":"user","content":[{"type":"image"}]}])"},
        {"messages[0].content[0].type", R"([{"role":"user","content":[{"type":"tool_result"}]}])"},
        {"messages[0].content[0].type", R"([{"role":"user","content":[{"type":"thinking"}]}])"},
        {"messages[0].content[0].text", R"([{"role":"user","content":[{"type":"text"}]}])"},
    };
    for (const auto& [param, text] : messages) {
        CAPTURE(text);
        const Invalid problem = problem_of(R"({"model":"m","messages":)" + std::string(text) + "}");
        CHECK(problem.param == param);
        CHECK(problem.message.starts_with(param));
    }
    CHECK(problem_of(R"({"messages":[]})").param == "model");
    for (const char* body : {"", "[]", "{", "7"}) CHECK(problem_of(body).param.empty());
    CHECK(problem_of(R"({"model":"m","messages":[{"role":"user","content":"\udc00"}]})")
              .message.find("surrogate") != std::string::npos);
}

TEST_CASE("stop sequences have limits") {
    const auto list = [](std::size_t count, std::size_t bytes) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i) {
            text += (i == 0 ? "\"" : ",\"") + std::string(bytes, 'x') + "\"";
        }
        return with(R"("stop_sequences":[)" + text + "]");
    };
    CHECK(translated(list(max_stop_sequences, max_stop_sequence_bytes)).stop_sequences.size() ==
          max_stop_sequences);
    CHECK(problem_of(list(max_stop_sequences + 1, 1)).param == "stop_sequences");
    CHECK(problem_of(list(1, max_stop_sequence_bytes + 1)).param == "stop_sequences[0]");
}

}  // namespace ccproxy::web
