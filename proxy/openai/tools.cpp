#include "proxy/openai/tools.hpp"

namespace ccproxy::openai {
namespace {

Problem write_tool(const JsonValue& tool, const std::string& path, JsonWriter& out) {
    if (find_text(tool, "type") != "function") {
        return invalid(path + ".type", "must be function");
    }
    const JsonValue* function = find(tool, "function");
    const std::string_view name =
        function == nullptr ? std::string_view() : find_text(*function, "name");
    if (name.empty()) return invalid(path + ".function.name", "is required and must be a string");
    const JsonValue* description = find(*function, "description");
    if (description != nullptr && !description->IsString()) {
        return invalid(path + ".function.description", "must be a string");
    }
    const JsonValue* schema = find(*function, "parameters");
    if (schema != nullptr && !schema->IsObject()) {
        return invalid(path + ".function.parameters", "must be a JSON schema");
    }
    out.StartObject();
    write_member(out, "name", name);
    if (description != nullptr) write_member(out, "description", text_of(*description));
    out.Key("input_schema");
    if (schema != nullptr && schema->HasMember("type")) {
        schema->Accept(out);
    } else {
        // A function without parameters; the Messages API insists on a schema with a type.
        out.StartObject();
        write_member(out, "type", "object");
        if (schema != nullptr) {
            for (const auto& [key, value] : schema->GetObject()) {
                out.Key(key.GetString(), key.GetStringLength());
                value.Accept(out);
            }
        }
        out.EndObject();
    }
    out.EndObject();
    return std::nullopt;
}

/// What a Messages request says of the choice.
struct Choice {
    std::string_view type;  ///< Empty when the client leaves it open.
    std::string_view name;  ///< For the type `tool`.
};

Problem read_choice(const JsonValue& asked, Choice& choice) {
    if (asked.IsString()) {
        const std::string_view text = text_of(asked);
        if (text == "auto") choice.type = "auto";
        if (text == "none") choice.type = "none";
        if (text == "required") choice.type = "any";
    } else if (find_text(asked, "type") == "function") {
        const JsonValue* function = find(asked, "function");
        choice.type = "tool";
        choice.name = function == nullptr ? std::string_view() : find_text(*function, "name");
        if (choice.name.empty()) {
            return invalid("tool_choice.function.name", "is required and must be a string");
        }
    }
    if (!choice.type.empty()) return std::nullopt;
    return invalid("tool_choice", "must be auto, none, required or a function");
}

void write_choice(const Choice& choice, bool one_at_a_time, JsonWriter& out) {
    if (choice.type.empty() && !one_at_a_time) return;
    out.Key("tool_choice");
    out.StartObject();
    write_member(out, "type", choice.type.empty() ? "auto" : choice.type);
    if (!choice.name.empty()) write_member(out, "name", choice.name);
    if (one_at_a_time && choice.type != "none") {
        out.Key("disable_parallel_tool_use");
        out.Bool(true);
    }
    out.EndObject();
}

}  // namespace

Problem write_tools(const JsonValue& request, JsonWriter& out) {
    const JsonValue* tools = find(request, "tools");
    const JsonValue* asked = find(request, "tool_choice");
    const JsonValue* parallel = find(request, "parallel_tool_calls");
    if (parallel != nullptr && !parallel->IsBool()) {
        return invalid("parallel_tool_calls", "must be true or false");
    }
    if (tools != nullptr && !tools->IsArray()) return invalid("tools", "must be an array");
    if (tools == nullptr || tools->Empty()) {
        if (asked == nullptr) return std::nullopt;
        return invalid("tool_choice", "is allowed only where tools are given");
    }
    out.Key("tools");
    out.StartArray();
    for (rapidjson::SizeType i = 0; i < tools->Size(); ++i) {
        Problem problem = write_tool((*tools)[i], "tools[" + std::to_string(i) + "]", out);
        if (problem) return problem;
    }
    out.EndArray();
    Choice choice;
    if (asked != nullptr) {
        if (Problem problem = read_choice(*asked, choice)) return problem;
    }
    write_choice(choice, parallel != nullptr && parallel->IsFalse(), out);
    return std::nullopt;
}

}  // namespace ccproxy::openai
