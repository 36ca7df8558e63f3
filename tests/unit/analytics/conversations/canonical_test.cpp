// A message has one form, whatever it looked like on its way here, and keeps what it says.
#include "analytics/conversations/canonical.hpp"

#include <catch2/catch.hpp>

using namespace ccproxy::analytics;
using Catch::Contains;

namespace {

std::string canonical(const std::string& json) {
    return canonical_message(json).value().text;
}

std::string problem(const std::string& json) {
    const auto result = canonical_message(json);
    return result ? "none" : result.error().message;
}

std::string nested(std::size_t depth) {
    return R"({"role":"user","content":[{"type":"x","a":)" + std::string(depth, '[') +
           std::string(depth, ']') + "}]}";
}

}  // namespace

TEST_CASE("a text and a list of one text block are the same message", "[canonical]") {
    const std::string expected = R"({"role":"user","content":[{"type":"text","text":"hi"}]})";
    CHECK(canonical(R"({"role":"user","content":"hi"})") == expected);
    CHECK(canonical(" { \"content\" : [ {\"text\":\"hi\" ,\n\"type\":\"text\"} ], \"role\":\t"
                    "\"user\" } ") == expected);
    CHECK(canonical(expected) == expected);
    CHECK(canonical(R"({"role":"user","content":[{"type":"text","text":"hi",)"
                    R"("cache_control":{"type":"ephemeral","ttl":"1h"}}]})") == expected);
    CHECK(canonical(R"({"role":"user","content":[{"cache_control":null,"type":"text","text":"hi",)"
                    R"("citations":null},{"type":"text","text":""}]})") == expected);
    CHECK(canonical_message(expected)->role == "user");
}

TEST_CASE("what is inside the input of a tool stays as it is", "[canonical]") {
    const std::string message =
        R"({"role":"assistant","content":[{"type":"tool_use","id":"t","input":)"
        R"({"z":null,"cache_control":{"b":1.0,"a":12345678901234567890123},"content":[{"text":"",)"
        R"("type":"text"}],"e":1E5,"n":-0},"name":"Write"}]})";
    CHECK(canonical(message) == message);
}

TEST_CASE("blocks of tool results are blocks too", "[canonical]") {
    CHECK(
        canonical(R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t",)"
                  R"("content":[{"type":"text","text":"a","cache_control":{}},)"
                  R"({"text":"","type":"text"},{"type":"image","source":{"z":1,"a":null}}]}]})") ==
        R"({"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"a"},)"
        R"({"type":"image","source":{"z":1,"a":null}}],"tool_use_id":"t"}]})");
    CHECK(canonical(R"({"role":"user","content":[{"type":"tool_result","content":"a"}]})") ==
          R"({"role":"user","content":[{"type":"tool_result","content":"a"}]})");
}

TEST_CASE("escapes are written in one way", "[canonical]") {
    CHECK(canonical("{\"role\":\"user\",\"content\":\"\\u00e9\\/\\u0041\\n\\u000a\\\"\\\\\\u0000"
                    "\\u001F\\u007f\\ud83d\\ude00\"}") ==
          "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"\xC3\xA9/A\\n\\n\\\"\\\\"
          "\\u0000\\u001f\x7F\xF0\x9F\x98\x80\"}]}");
}

TEST_CASE("nothing to say is an empty list, and other members stay", "[canonical]") {
    CHECK(canonical(R"({"role":"user","content":""})") == R"({"role":"user","content":[]})");
    CHECK(canonical(R"({"role":"user","content":[{"type":"text","text":""}]})") ==
          R"({"role":"user","content":[]})");
    CHECK(canonical("{}") == "{}");
    CHECK(canonical(R"({"cache_control":1})") == "{}");
    CHECK(canonical(R"({"z":[1,{"b":true,"a":[]}],"content":7,"role":null})") ==
          R"({"content":7,"z":[1,{"b":true,"a":[]}]})");
    CHECK(canonical(R"({"content":[1,null,"x",[{"cache_control":1}]]})") ==
          R"({"content":[1,null,"x",[{"cache_control":1}]]})");
}

TEST_CASE("what is no message is refused", "[canonical]") {
    for (const char* json : {"", " ", "1", "null", "\"a\"", "[]", "[{}]", "true"}) {
        CAPTURE(json);
        CHECK(problem(json) != "none");
    }
    for (const char* json :
         {"{", "{\"a\"}", "{\"a\":1,}", "{} {}", "{\"a\":01}", "{\"a\":\"\x01\"}",
          R"({"a":"\ud83d"})", R"({"a":"\x"})", R"({"a":1e999})"}) {
        CAPTURE(json);
        CHECK_THAT(problem(json), Contains("is not JSON"));
    }
    CHECK(problem("{\"a\":\"\xC3(\"}") == "is not UTF-8");
    CHECK_THAT(problem(std::string("{}\0", 3)), Contains("NUL"));
    CHECK_THAT(problem(std::string("{\"a\":\"b\0c\"}", 11)), Contains("is not JSON"));
}

TEST_CASE("depth is bounded", "[canonical]") {
    CHECK(problem(nested(max_message_depth - 3)) == "none");
    CHECK(problem(nested(max_message_depth - 2)) == "is nested too deeply");
    CHECK(problem(nested(1'000'000)) == "is nested too deeply");
    CHECK(problem(std::string(1'000'000, '[')) == "is not a JSON object");
}

TEST_CASE("a system prompt gives its blocks", "[canonical]") {
    using Blocks = std::vector<std::string>;
    CHECK(canonical_system(R"("be brief")").value() ==
          Blocks{R"({"type":"text","text":"be brief"})"});
    CHECK(canonical_system(R"([{"text":"be brief","type":"text","cache_control":{}},)"
                           R"({"type":"text","text":""}, {"type":"text","text":"and true"}])")
              .value() ==
          Blocks{R"({"type":"text","text":"be brief"})", R"({"type":"text","text":"and true"})"});
    CHECK(canonical_system(R"("")").value().empty());
    CHECK(canonical_system("[]").value().empty());
    CHECK(canonical_system("7").value().empty());
    CHECK_FALSE(canonical_system("[").has_value());
}
