#include "proxy/openai/messages.hpp"

#include "proxy/openai/content.hpp"

namespace ccproxy::openai {
namespace {

std::string path_of(rapidjson::SizeType index) {
    return "messages[" + std::to_string(index) + "]";
}

bool is_system(std::string_view role) {
    return role == "system" || role == "developer";
}

const JsonValue& content_of(const JsonValue& message) {
    static const JsonValue none;
    const JsonValue* content = find(message, "content");
    return content == nullptr ? none : *content;
}

/// Writes turns, each begun by its first block: what has no block leaves no turn.
class Turns {
  public:
    explicit Turns(JsonWriter& out) : out_(out) {}

    Problem add(const JsonValue& message, const std::string& path);
    void end_turn();
    [[nodiscard]] bool empty() const { return !any_; }

  private:
    void begin_block(std::string_view role);
    Problem add_user(const JsonValue& message, const std::string& path);
    Problem add_assistant(const JsonValue& message, const std::string& path);
    Problem add_tool_call(const JsonValue& call, const std::string& path);
    Problem add_tool_result(const JsonValue& message, const std::string& path);

    JsonWriter& out_;
    std::string_view role_;  ///< Of the turn that is being written; empty between turns.
    bool any_ = false;
};

void Turns::begin_block(std::string_view role) {
    if (role_ == role) return;
    end_turn();
    any_ = true;
    role_ = role;
    out_.StartObject();
    write_member(out_, "role", role);
    out_.Key("content");
    out_.StartArray();
}

void Turns::end_turn() {
    if (role_.empty()) return;
    role_ = {};
    out_.EndArray();
    out_.EndObject();
}

Problem Turns::add(const JsonValue& message, const std::string& path) {
    const std::string_view role = find_text(message, "role");
    if (role == "user") return add_user(message, path);
    if (role == "assistant") return add_assistant(message, path);
    if (role == "tool") return add_tool_result(message, path);
    return invalid(path + ".role", "must be system, developer, user, assistant or tool");
}

Problem Turns::add_user(const JsonValue& message, const std::string& path) {
    bool has_block = false;
    const auto begin = [&] {
        has_block = true;
        begin_block("user");
    };
    const std::string content_path = path + ".content";
    Problem problem =
        write_blocks(content_of(message), content_path, Parts::text_and_images, out_, begin);
    if (!problem && !has_block) problem = invalid(content_path, "must not be empty");
    return problem;
}

Problem Turns::add_assistant(const JsonValue& message, const std::string& path) {
    for (const char* name : {"function_call", "audio"}) {
        if (find(message, name) != nullptr) return invalid(path + "." + name, "is not supported");
    }
    const auto begin = [this] { begin_block("assistant"); };
    if (const JsonValue& content = content_of(message); !content.IsNull()) {
        Problem problem =
            write_blocks(content, path + ".content", Parts::text_and_refusals, out_, begin);
        if (problem) return problem;
    } else if (const std::string_view said = find_text(message, "refusal"); !said.empty()) {
        begin();
        write_text_block(out_, said);
    }
    const JsonValue* calls = find(message, "tool_calls");
    if (calls == nullptr) return std::nullopt;
    if (!calls->IsArray()) return invalid(path + ".tool_calls", "must be an array");
    for (rapidjson::SizeType i = 0; i < calls->Size(); ++i) {
        Problem problem =
            add_tool_call((*calls)[i], path + ".tool_calls[" + std::to_string(i) + "]");
        if (problem) return problem;
    }
    return std::nullopt;
}

Problem Turns::add_tool_call(const JsonValue& call, const std::string& path) {
    if (!call.IsObject()) return invalid(path, "must be an object");
    if (const std::string_view type = find_text(call, "type");
        !type.empty() && type != "function") {
        return invalid(path + ".type", "must be function");
    }
    const std::string_view id = find_text(call, "id");
    if (id.empty()) return invalid(path + ".id", "is required and must be a string");
    const JsonValue* function = find(call, "function");
    const std::string_view name =
        function == nullptr ? std::string_view() : find_text(*function, "name");
    if (name.empty()) return invalid(path + ".function.name", "is required and must be a string");
    // Clients write no arguments as an empty string, too.
    const std::string_view written = find_text(*function, "arguments");
    const std::string_view arguments = written.empty() ? "{}" : written;
    if (!is_json_object(arguments)) {
        return invalid(path + ".function.arguments", "must be the text of a JSON object");
    }
    begin_block("assistant");
    out_.StartObject();
    write_member(out_, "type", "tool_use");
    write_member(out_, "id", id);
    write_member(out_, "name", name);
    out_.Key("input");
    out_.RawValue(arguments.data(), arguments.size(), rapidjson::kObjectType);
    out_.EndObject();
    return std::nullopt;
}

Problem Turns::add_tool_result(const JsonValue& message, const std::string& path) {
    const std::string_view id = find_text(message, "tool_call_id");
    if (id.empty()) return invalid(path + ".tool_call_id", "is required and must be a string");
    begin_block("user");
    out_.StartObject();
    write_member(out_, "type", "tool_result");
    write_member(out_, "tool_use_id", id);
    out_.Key("content");
    const JsonValue& content = content_of(message);
    if (content.IsString()) {
        write_text(out_, text_of(content));
    } else {
        out_.StartArray();
        Problem problem =
            write_blocks(content, path + ".content", Parts::text_and_images, out_, [] {});
        if (problem) return problem;
        out_.EndArray();
    }
    out_.EndObject();
    return std::nullopt;
}

Problem write_system(const JsonValue& messages, JsonWriter& out) {
    bool any = false;
    const auto begin = [&] {
        if (any) return;
        any = true;
        out.Key("system");
        out.StartArray();
    };
    for (rapidjson::SizeType i = 0; i < messages.Size(); ++i) {
        if (!is_system(find_text(messages[i], "role"))) continue;
        Problem problem =
            write_blocks(content_of(messages[i]), path_of(i) + ".content", Parts::text, out, begin);
        if (problem) return problem;
    }
    if (any) out.EndArray();
    return std::nullopt;
}

}  // namespace

Problem write_conversation(const JsonValue& messages, JsonWriter& out) {
    if (!messages.IsArray()) return invalid("messages", "must be an array");
    if (Problem problem = write_system(messages, out)) return problem;
    out.Key("messages");
    out.StartArray();
    Turns turns(out);
    for (rapidjson::SizeType i = 0; i < messages.Size(); ++i) {
        if (!messages[i].IsObject()) return invalid(path_of(i), "must be an object");
        if (is_system(find_text(messages[i], "role"))) continue;
        if (Problem problem = turns.add(messages[i], path_of(i))) return problem;
    }
    if (turns.empty()) return invalid("messages", "at least one must be a user's");
    turns.end_turn();
    out.EndArray();
    return std::nullopt;
}

}  // namespace ccproxy::openai
