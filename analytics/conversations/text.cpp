#include "analytics/conversations/text.hpp"

#include <algorithm>

#include "common/json.hpp"
#include "common/utf8.hpp"

namespace ccproxy::analytics {
namespace {

std::string_view text_of(const rapidjson::Value& value) {
    if (!value.IsString()) return {};
    return {value.GetString(), value.GetStringLength()};
}

std::string_view member_text(const rapidjson::Value& object, const char* name) {
    const auto member = object.FindMember(name);
    return member == object.MemberEnd() ? std::string_view() : text_of(member->value);
}

void append_line(std::string& text, std::string_view line) {
    if (line.empty()) return;
    if (!text.empty()) text.push_back('\n');
    text.append(line);
}

std::string tool_call(std::string_view name, const rapidjson::Value& block) {
    rapidjson::StringBuffer input;
    const auto member = block.FindMember("input");
    if (member != block.MemberEnd()) {
        rapidjson::Writer<rapidjson::StringBuffer> writer(input);
        member->value.Accept(writer);
    }
    std::string call("[");
    call.append(name).push_back(' ');
    call.append(input.GetString(), input.GetSize()).push_back(']');
    return call;
}

void append_block(std::string& text, const rapidjson::Value& block, bool skips_reminders);

/// A text, a list of blocks, or one block.
void append_content(std::string& text, const rapidjson::Value& content, bool skips_reminders) {
    if (content.IsString()) return append_line(text, text_of(content));
    if (content.IsObject()) return append_block(text, content, skips_reminders);
    if (!content.IsArray()) return;
    for (const rapidjson::Value& block : content.GetArray()) {
        if (block.IsObject()) append_block(text, block, skips_reminders);
    }
}

/// The recursion is bounded by max_message_depth.
void append_block(std::string& text, const rapidjson::Value& block, bool skips_reminders) {
    const std::string_view type = member_text(block, "type");
    const std::string_view words = member_text(block, "text");
    const auto content = block.FindMember("content");
    if (!words.empty()) {
        if (skips_reminders && words.starts_with("<system-reminder>")) return;
        append_line(text, words);
    } else if (type == "thinking" || type == "redacted_thinking") {
        return;
    } else if (const std::string_view name = member_text(block, "name");
               !name.empty() && block.HasMember("input")) {
        append_line(text, tool_call(name, block));
    } else if (content != block.MemberEnd()) {
        append_content(text, content->value, skips_reminders);
    } else if (!type.empty()) {
        append_line(text, std::string("[").append(type).append("]"));
    }
}

std::string text_without_nul(std::string_view canonical, bool skips_reminders) {
    rapidjson::Document message;
    message.Parse<rapidjson::kParseIterativeFlag>(canonical.data(), canonical.size());
    if (message.HasParseError() || !message.IsObject()) return {};
    std::string text;
    append_block(text, message, skips_reminders);
    if (text.find('\0') == std::string::npos) return text;
    return clean_utf8(text, 3 * text.size());
}

}  // namespace

std::string message_text(std::string_view canonical) {
    return text_without_nul(canonical, false);
}

std::string message_preview(std::string_view canonical) {
    std::string text = text_without_nul(canonical, true);
    if (text.empty()) text = text_without_nul(canonical, false);
    const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    std::string line;
    for (const char c : text) {
        if (line.size() > max_preview_bytes) break;
        if (!is_space(c)) {
            line.push_back(c);
        } else if (!line.empty() && line.back() != ' ') {
            line.push_back(' ');
        }
    }
    return clean_utf8(line, max_preview_bytes);
}

}  // namespace ccproxy::analytics
