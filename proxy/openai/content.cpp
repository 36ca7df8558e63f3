#include "proxy/openai/content.hpp"

#include <array>

namespace ccproxy::openai {
namespace {

constexpr std::array<std::string_view, 4> image_types{"image/jpeg", "image/png", "image/gif",
                                                      "image/webp"};

bool starts_with_ignoring_case(std::string_view text, std::string_view start) {
    if (text.size() < start.size()) return false;
    for (std::size_t i = 0; i < start.size(); ++i) {
        const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
        if (c != start[i]) return false;
    }
    return true;
}

/// The media type as the Messages API names it; empty when it takes no such image.
std::string_view image_type(std::string_view named) {
    if (named == "image/jpg") return "image/jpeg";
    for (const std::string_view type : image_types) {
        if (named == type) return type;
    }
    return {};
}

/// Writes the source of a `data:` URL with base64 (RFC 2397).
Problem write_base64_source(std::string_view url, const std::string& path, JsonWriter& out) {
    static constexpr std::string_view coding = ";base64";
    url.remove_prefix(std::string_view("data:").size());
    const std::size_t comma = url.find(',');
    if (comma == std::string_view::npos || !url.substr(0, comma).ends_with(coding)) {
        return invalid(path, "a data URL must be data:image/…;base64,…");
    }
    const std::string_view named = url.substr(0, std::min(url.find(';'), comma));
    const std::string_view type = image_type(named);
    if (type.empty()) return invalid(path, "the image must be a JPEG, PNG, GIF or WebP");
    write_member(out, "type", "base64");
    write_member(out, "media_type", type);
    write_member(out, "data", url.substr(comma + 1));
    return std::nullopt;
}

Problem write_image(const JsonValue& part, const std::string& path, JsonWriter& out) {
    const JsonValue* image = find(part, "image_url");
    const std::string url_path = path + ".image_url.url";
    const std::string_view url = image == nullptr ? std::string_view() : find_text(*image, "url");
    if (url.empty()) return invalid(url_path, "is required and must be a string");
    const bool is_data = starts_with_ignoring_case(url, "data:");
    if (!is_data && !starts_with_ignoring_case(url, "https://") &&
        !starts_with_ignoring_case(url, "http://")) {
        return invalid(url_path, "must be an http, https or data URL");
    }
    out.StartObject();
    write_member(out, "type", "image");
    out.Key("source");
    out.StartObject();
    if (is_data) {
        if (Problem problem = write_base64_source(url, url_path, out)) return problem;
    } else {
        write_member(out, "type", "url");
        write_member(out, "url", url);
    }
    out.EndObject();
    out.EndObject();
    return std::nullopt;
}

Problem write_part(const JsonValue& part, const std::string& path, Parts allowed, JsonWriter& out,
                   const std::function<void()>& begin_block) {
    if (!part.IsObject()) return invalid(path, "must be an object");
    const std::string_view type = find_text(part, "type");
    const bool is_refusal = type == "refusal" && allowed == Parts::text_and_refusals;
    if (type == "text" || is_refusal) {
        const char* name = is_refusal ? "refusal" : "text";
        const JsonValue* text = find(part, name);
        if (text == nullptr || !text->IsString()) {
            return invalid(path + "." + name, "is required and must be a string");
        }
        if (text->GetStringLength() == 0) return std::nullopt;
        begin_block();
        write_text_block(out, text_of(*text));
        return std::nullopt;
    }
    if (type == "image_url" && allowed == Parts::text_and_images) {
        begin_block();
        return write_image(part, path, out);
    }
    if (type.empty()) return invalid(path + ".type", "is required");
    return invalid(path + ".type",
                   std::string(type.substr(0, 64)) + " is not supported in this message");
}

}  // namespace

void write_text_block(JsonWriter& out, std::string_view text) {
    out.StartObject();
    write_member(out, "type", "text");
    write_member(out, "text", text);
    out.EndObject();
}

Problem write_blocks(const JsonValue& content, const std::string& path, Parts allowed,
                     JsonWriter& out, const std::function<void()>& begin_block) {
    if (content.IsString()) {
        if (content.GetStringLength() == 0) return std::nullopt;
        begin_block();
        write_text_block(out, text_of(content));
        return std::nullopt;
    }
    if (!content.IsArray()) return invalid(path, "must be a string or an array of parts");
    for (rapidjson::SizeType i = 0; i < content.Size(); ++i) {
        const std::string part_path = path + "[" + std::to_string(i) + "]";
        Problem problem = write_part(content[i], part_path, allowed, out, begin_block);
        if (problem) return problem;
    }
    return std::nullopt;
}

}  // namespace ccproxy::openai
