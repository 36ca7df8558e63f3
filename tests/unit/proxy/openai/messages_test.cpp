#include "proxy/openai/messages.hpp"

#include "tests/unit/proxy/openai/translated.hpp"

namespace ccproxy::openai {
namespace {

/// A turn with these blocks.
std::string turn(const std::string& role, const std::string& blocks) {
    return R"({"role":")" + role + R"(","content":[)" + blocks + "]}";
}

std::string text(const std::string& said) {
    return R"({"type":"text","text":")" + said + "\"}";
}

std::string turns(const std::string& list) {
    return R"("messages":[)" + list + "]";
}

/// One user's message with this part.
std::string part(const std::string& json) {
    return R"([{"role":"user","content":[)" + json + "]}]";
}

std::string image(const std::string& url) {
    return R"({"type":"image_url","image_url":{"url":")" + url + R"(","detail":"high"}})";
}

}  // namespace

TEST_CASE("system and developer messages go before all turns") {
    CHECK(conversation(R"([{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},)"
                       R"({"role":"developer","content":[{"type":"text","text":"Be kind."},)"
                       R"({"type":"text","text":"Be exact."}]},{"role":"system","content":""}])") ==
          R"("system":[)" + text("Be brief.") + "," + text("Be kind.") + "," + text("Be exact.") +
              "]," + turns(turn("user", text("Hi"))));
}

TEST_CASE("messages of one role become one turn, in their order") {
    CHECK(conversation(R"([{"role":"user","content":"a","name":"ada"},)"
                       R"({"role":"user","content":[{"type":"text","text":"b"}]},)"
                       R"({"role":"assistant","content":"c"},{"role":"assistant","content":"d"},)"
                       R"({"role":"system","content":"s"},{"role":"user","content":"e"}])") ==
          R"("system":[)" + text("s") + "]," +
              turns(turn("user", text("a") + "," + text("b")) + "," +
                    turn("assistant", text("c") + "," + text("d")) + "," +
                    turn("user", text("e"))));
}

TEST_CASE("texts keep every character") {
    CHECK(conversation(R"([{"role":"user","content":"\"\\\n\u0000 \u00fc \ud83d\ude00 世界"}])") ==
          turns(turn("user", text("\\\"\\\\\\n\\u0000 \xC3\xBC \xF0\x9F\x98\x80 世界"))));
}

TEST_CASE("images by data URL and by address") {
    const auto base64 = [](const std::string& type) {
        return R"({"type":"image","source":{"type":"base64","media_type":")" + type +
               R"(","data":"AAAA"}})";
    };
    CHECK(conversation(
              part(R"({"type":"text","text":"See"},)" + image("data:image/png;base64,AAAA"))) ==
          turns(turn("user", text("See") + "," + base64("image/png"))));
    CHECK(conversation(part(image("DATA:image/jpg;charset=x;base64,AAAA"))) ==
          turns(turn("user", base64("image/jpeg"))));
    CHECK(conversation(part(image("https://example.org/a.png?b=1"))) ==
          turns(turn("user", R"({"type":"image","source":{"type":"url",)"
                             R"("url":"https://example.org/a.png?b=1"}})")));
}

TEST_CASE("images that cannot be passed on are refused") {
    const std::string path = "messages[0].content[0].image_url.url";
    for (const char* url :
         {"", "ftp://a/b", "file:///etc/passwd", "data:image/png,AAAA", "data:image/png;base64",
          "data:text/plain;base64,AAAA", "data:;base64,AAAA", "data:", "a.png"}) {
        CAPTURE(url);
        CHECK(problem_in(part(image(url))).param == path);
    }
    CHECK(problem_in(part(R"({"type":"image_url","image_url":"https://a/b"})")).param == path);
    CHECK(problem_in(part(R"({"type":"image_url"})")).param == path);
}

TEST_CASE("calls of tools and their results") {
    CHECK(conversation(
              R"([{"role":"user","content":"Weather?"},{"role":"assistant","content":null,)"
              R"("refusal":null,"annotations":[],"tool_calls":[{"id":"c1","type":"function",)"
              R"("function":{"name":"weather","arguments":"{\"city\": \"Bern\", \"n\": 1e2}"}},)"
              R"({"id":"c2","type":"function","function":{"name":"now","arguments":""}}]},)"
              R"({"role":"tool","tool_call_id":"c1","content":"sunny"},)"
              R"({"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"noon"}]},)"
              R"({"role":"user","content":"Thanks"}])") ==
          turns(turn("user", text("Weather?")) + "," +
                turn("assistant", R"({"type":"tool_use","id":"c1","name":"weather",)"
                                  R"("input":{"city": "Bern", "n": 1e2}},)"
                                  R"({"type":"tool_use","id":"c2","name":"now","input":{}})") +
                "," +
                turn("user", R"({"type":"tool_result","tool_use_id":"c1","content":"sunny"},)"
                             R"({"type":"tool_result","tool_use_id":"c2","content":[)" +
                                 text("noon") + "]}," + text("Thanks"))));
}

TEST_CASE("text before a call stays before it") {
    CHECK(conversation(R"([{"role":"assistant","content":"Let me see.","tool_calls":[{"id":"c",)"
                       R"("type":"function","function":{"name":"f","arguments":"{}"}}]}])") ==
          turns(turn("assistant", text("Let me see.") +
                                      R"(,{"type":"tool_use","id":"c","name":"f","input":{}})")));
}

TEST_CASE("an answer that was refused or empty") {
    CHECK(conversation(R"([{"role":"user","content":"a"},{"role":"assistant","content":""},)"
                       R"({"role":"user","content":"b"}])") ==
          turns(turn("user", text("a") + "," + text("b"))));
    CHECK(conversation(R"([{"role":"assistant","content":null,"refusal":"No."}])") ==
          turns(turn("assistant", text("No."))));
    CHECK(
        conversation(R"([{"role":"assistant","content":[{"type":"refusal","refusal":"No."}]}])") ==
        turns(turn("assistant", text("No."))));
}

TEST_CASE("messages that cannot be passed on are refused where they stand") {
    const std::pair<const char*, const char*> cases[] = {
        {R"([1])", "messages[0]"},
        {R"([{}])", "messages[0].role"},
        {R"([{"role":"function","name":"f","content":"x"}])", "messages[0].role"},
        {R"([{"role":"user"}])", "messages[0].content"},
        {R"([{"role":"user","content":""}])", "messages[0].content"},
        {R"([{"role":"user","content":[]}])", "messages[0].content"},
        {R"([{"role":"user","content":7}])", "messages[0].content"},
        {R"([{"role":"user","content":["x"]}])", "messages[0].content[0]"},
        {R"([{"role":"user","content":[{"text":"x"}]}])", "messages[0].content[0].type"},
        {R"([{"role":"user","content":[{"type":"text"}]}])", "messages[0].content[0].text"},
        {R"([{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"},)"
         R"({"type":"input_audio","input_audio":{}}]}])",
         "messages[1].content[1].type"},
        {R"([{"role":"user","content":[{"type":"refusal","refusal":"x"}]}])",
         "messages[0].content[0].type"},
        {R"([{"role":"system"}])", "messages[0].content"},
        {R"([{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://a"}}]}])",
         "messages[0].content[0].type"},
        {R"([{"role":"system","content":"only"}])", "messages"},
        {R"([{"role":"assistant","content":""}])", "messages"},
        {R"([{"role":"assistant","function_call":{"name":"f"}}])", "messages[0].function_call"},
        {R"([{"role":"assistant","audio":{"id":"a"}}])", "messages[0].audio"},
        {R"([{"role":"assistant","tool_calls":{}}])", "messages[0].tool_calls"},
        {R"([{"role":"assistant","tool_calls":[1]}])", "messages[0].tool_calls[0]"},
        {R"([{"role":"assistant","tool_calls":[{"type":"custom"}]}])",
         "messages[0].tool_calls[0].type"},
        {R"([{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}])",
         "messages[0].tool_calls[0].id"},
        {R"([{"role":"assistant","tool_calls":[{"id":"c"}]}])",
         "messages[0].tool_calls[0].function.name"},
        {R"([{"role":"tool","content":"x"}])", "messages[0].tool_call_id"},
        {R"([{"role":"tool","tool_call_id":"c"}])", "messages[0].content"},
    };
    for (const auto& [messages, param] : cases) {
        CAPTURE(messages);
        CHECK(problem_in(messages).param == param);
    }
}

TEST_CASE("arguments must be the text of one JSON object") {
    for (const char* arguments : {"{", "[]", "7", "null", "{} {}", "{'a':1}", "hello", " "}) {
        CAPTURE(arguments);
        const Invalid problem = problem_in(
            R"([{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{)"
            R"("name":"f","arguments":")" +
            std::string(arguments) + R"("}}]}])");
        CHECK(problem.param == "messages[0].tool_calls[0].function.arguments");
    }
}

}  // namespace ccproxy::openai
