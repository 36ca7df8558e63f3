#include "proxy/web/prompt.hpp"

#include <string_view>

namespace ccproxy::web {
namespace {

constexpr std::string_view empty_line = "\n\n";

void add_text(std::string_view text, std::string& out) {
    if (text.empty()) return;
    if (!out.empty()) out.append(empty_line);
    out.append(text);
}

Problem add_block(const JsonValue& block, const std::string& path, bool is_answer,
                  std::string& out) {
    if (!block.IsObject()) return invalid(path, "must be an object");
    const std::string_view type = find_text(block, "type");
    if (type.empty()) return invalid(path + ".type", "is required and must be a string");
    if (is_answer && (type == "thinking" || type == "redacted_thinking")) return std::nullopt;
    if (type != "text") {
        return invalid(path + ".type",
                       std::string(type.substr(0, 64)) + " is not supported by web accounts");
    }
    const JsonValue* text = find(block, "text");
    if (text == nullptr || !text->IsString()) {
        return invalid(path + ".text", "is required and must be a string");
    }
    add_text(text_of(*text), out);
    return std::nullopt;
}

/// `content` is a text or a list of blocks.
Problem add_content(const JsonValue* content, const std::string& path, bool is_answer,
                    std::string& out) {
    if (content != nullptr && content->IsString())
        return add_text(text_of(*content), out), Problem();
    if (content == nullptr || !content->IsArray()) {
        return invalid(path, "must be a string or an array of content blocks");
    }
    for (rapidjson::SizeType i = 0; i < content->Size(); ++i) {
        const std::string block = path + "[" + std::to_string(i) + "]";
        if (Problem problem = add_block((*content)[i], block, is_answer, out)) return problem;
    }
    return std::nullopt;
}

Problem add_turn(const JsonValue& message, const std::string& path, std::string& prompt) {
    if (!message.IsObject()) return invalid(path, "must be an object");
    const std::string_view role = find_text(message, "role");
    if (role != "user" && role != "assistant") {
        return invalid(path + ".role", "must be user or assistant");
    }
    std::string text;
    Problem problem =
        add_content(find(message, "content"), path + ".content", role == "assistant", text);
    if (problem) return problem;
    add_text(role == "user" ? "Human:" : "Assistant:", prompt);
    if (!text.empty()) prompt.append(" ").append(text);
    return std::nullopt;
}

}  // namespace

Problem write_prompt(const JsonValue& request, std::string& prompt) {
    if (const JsonValue* system = find(request, "system"); system != nullptr) {
        if (Problem problem = add_content(system, "system", false, prompt)) return problem;
    }
    const JsonValue* messages = find(request, "messages");
    if (messages == nullptr || !messages->IsArray() || messages->Empty()) {
        return invalid("messages", "is required and must be an array of at least one message");
    }
    const JsonValue& last = (*messages)[messages->Size() - 1];
    if (prompt.empty() && messages->Size() == 1 && find_text(last, "role") == "user") {
        const std::string path = "messages[0].content";
        Problem problem = add_content(find(last, "content"), path, false, prompt);
        if (!problem && prompt.empty()) problem = invalid(path, "must not be empty");
        return problem;
    }
    for (rapidjson::SizeType i = 0; i < messages->Size(); ++i) {
        const std::string path = "messages[" + std::to_string(i) + "]";
        if (Problem problem = add_turn((*messages)[i], path, prompt)) return problem;
    }
    if (find_text(last, "role") == "user") add_text("Assistant:", prompt);
    return std::nullopt;
}

}  // namespace ccproxy::web
