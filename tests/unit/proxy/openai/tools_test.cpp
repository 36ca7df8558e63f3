#include "proxy/openai/tools.hpp"

#include "tests/unit/proxy/openai/translated.hpp"

namespace ccproxy::openai {
namespace {

const std::string tools = R"("tools":[{"type":"function","function":{"name":"f",)"
                          R"("description":"Does.","strict":true,)"
                          R"("parameters":{"type":"object","properties":{"a":{"type":"number",)"
                          R"("minimum":0.1,"maximum":9007199254740993}}}}}])";

/// The member `tool_choice` that these members lead to; empty when there is none.
std::string choice(const std::string& members) {
    const std::string body = with(tools + "," + members);
    const std::string name = R"("tool_choice":)";
    const std::size_t at = body.find(name);
    if (at == std::string::npos) return "";
    const std::size_t from = at + name.size();
    return body.substr(from, body.find('}', from) + 1 - from);
}

}  // namespace

TEST_CASE("tools keep their schema to the last digit") {
    CHECK(with(tools).find(
              R"("tools":[{"name":"f","description":"Does.","input_schema":{"type":"object",)"
              R"("properties":{"a":{"type":"number","minimum":0.1,)"
              R"("maximum":9007199254740993}}}}],"messages")") != std::string::npos);
}

TEST_CASE("a function without parameters gets a schema, which the Messages API demands") {
    const std::string bare = R"("tools":[{"name":"f","input_schema":{"type":"object"}}])";
    for (const char* function : {R"({"name":"f"})", R"({"name":"f","parameters":{}})",
                                 R"({"name":"f","parameters":null})"}) {
        CAPTURE(function);
        const std::string sent =
            R"("tools":[{"type":"function","function":)" + std::string(function) + "}]";
        CHECK(with(sent).find(bare) != std::string::npos);
    }
    CHECK(with(R"("tools":[{"type":"function","function":{"name":"f","parameters":)"
               R"({"properties":{}}}}])")
              .find(R"("input_schema":{"type":"object","properties":{}})") != std::string::npos);
}

TEST_CASE("each choice of tools has its counterpart") {
    CHECK(choice(R"("tool_choice":"auto")") == R"({"type":"auto"})");
    CHECK(choice(R"("tool_choice":"none")") == R"({"type":"none"})");
    CHECK(choice(R"("tool_choice":"required")") == R"({"type":"any"})");
    CHECK(choice(R"("tool_choice":{"type":"function","function":{"name":"f"}})") ==
          R"({"type":"tool","name":"f"})");
    CHECK(choice(R"("tool_choice":null)").empty());
    CHECK(choice(R"("parallel_tool_calls":true)").empty());
    CHECK(choice(R"("parallel_tool_calls":false)") ==
          R"({"type":"auto","disable_parallel_tool_use":true})");
    CHECK(choice(R"("tool_choice":"required","parallel_tool_calls":false)") ==
          R"({"type":"any","disable_parallel_tool_use":true})");
    CHECK(choice(R"("tool_choice":"none","parallel_tool_calls":false)") == R"({"type":"none"})");
}

TEST_CASE("no tools are no choice") {
    CHECK(with(R"("tools":[])").find("tools") == std::string::npos);
    CHECK(with(R"("parallel_tool_calls":false)").find("tool") == std::string::npos);
    CHECK(problem_with(R"("tool_choice":"auto")").param == "tool_choice");
}

TEST_CASE("tools and choices that do not fit are refused") {
    const std::pair<const char*, const char*> cases[] = {
        {R"("tools":{})", "tools"},
        {R"("tools":[1])", "tools[0].type"},
        {R"("tools":[{"type":"custom","custom":{"name":"f"}}])", "tools[0].type"},
        {R"("tools":[{"type":"function"}])", "tools[0].function.name"},
        {R"("tools":[{"type":"function","function":{"name":7}}])", "tools[0].function.name"},
        {R"("tools":[{"type":"function","function":{"name":"f","description":1}}])",
         "tools[0].function.description"},
        {R"("tools":[{"type":"function","function":{"name":"f","parameters":[]}}])",
         "tools[0].function.parameters"},
    };
    for (const auto& [members, param] : cases) {
        CAPTURE(members);
        CHECK(problem_with(members).param == param);
    }
    CHECK(problem_with(tools + R"(,"tool_choice":"any")").param == "tool_choice");
    CHECK(problem_with(tools + R"(,"tool_choice":1)").param == "tool_choice");
    CHECK(problem_with(tools + R"(,"tool_choice":{"type":"allowed_tools"})").param ==
          "tool_choice");
    CHECK(problem_with(tools + R"(,"tool_choice":{"type":"function"})").param ==
          "tool_choice.function.name");
}

}  // namespace ccproxy::openai
