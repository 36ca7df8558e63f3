#include "proxy/web/calls.hpp"

#include <algorithm>

#include "proxy/json/tree.hpp"

namespace ccproxy::web {
namespace {

constexpr std::size_t max_id_chars = 64;

bool can_chat(const JsonValue& organization) {
    const JsonValue* capabilities = find(organization, "capabilities");
    if (capabilities == nullptr || !capabilities->IsArray()) return false;
    return std::any_of(capabilities->Begin(), capabilities->End(), [](const JsonValue& value) {
        return value.IsString() && text_of(value) == "chat";
    });
}

}  // namespace

bool is_id(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
    };
    return !text.empty() && text.size() <= max_id_chars &&
           std::all_of(text.begin(), text.end(), fits);
}

std::string conversations_path(std::string_view organization) {
    std::string path(organizations_path);
    return path.append("/").append(organization).append("/chat_conversations");
}

std::string conversation_path(std::string_view organization, std::string_view uuid) {
    return conversations_path(organization).append("/").append(uuid);
}

std::string completion_path(std::string_view organization, std::string_view uuid) {
    return conversation_path(organization, uuid).append("/completion");
}

std::string creation_body(std::string_view uuid) {
    return std::string(R"({"uuid":")").append(uuid).append(R"(","name":""})");
}

std::string request_head(std::string_view method, std::string_view path,
                         std::string_view header_lines, std::string_view accept,
                         std::size_t body_bytes) {
    std::string out;
    out.reserve(512);
    out.append(method).append(" ").append(path).append(" HTTP/1.1\r\n").append(header_lines);
    out.append("user-agent: ccproxy/" CCPROXY_VERSION "\r\naccept: ").append(accept);
    out.append("\r\naccept-encoding: identity\r\n");
    if (method == "POST") {
        out.append("content-type: application/json\r\ncontent-length: ");
        out.append(std::to_string(body_bytes)).append("\r\n");
    }
    out.append("\r\n");
    return out;
}

std::optional<std::string> find_organization(std::string_view json) {
    const Result<rapidjson::Document> list = parse_bounded(json);
    if (!list || !list->IsArray()) return std::nullopt;
    for (const JsonValue& organization : list->GetArray()) {
        const std::string_view uuid = find_text(organization, "uuid");
        if (can_chat(organization) && is_id(uuid)) return std::string(uuid);
    }
    return std::nullopt;
}

}  // namespace ccproxy::web
