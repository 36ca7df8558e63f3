#include "proxy/openai/error.hpp"

#include <array>

#include "common/utf8.hpp"

namespace ccproxy::openai {
namespace {

constexpr std::size_t max_message_bytes = 4096;

struct Kind {
    int status;
    std::string_view
        anthropic_type;  ///< Of the Messages API (documentation, "Errors"); empty: none.
    std::string_view type;
    std::string_view code;  ///< Empty: null.
};

constexpr std::array<Kind, 12> kinds{{
    {400, "invalid_request_error", "invalid_request_error", ""},
    {401, "authentication_error", "invalid_request_error", "invalid_api_key"},
    {402, "billing_error", "insufficient_quota", "insufficient_quota"},
    {403, "permission_error", "invalid_request_error", "permission_denied"},
    {404, "not_found_error", "invalid_request_error", "not_found"},
    {408, "", "invalid_request_error", "request_timeout"},
    {413, "request_too_large", "invalid_request_error", "request_too_large"},
    {429, "rate_limit_error", "rate_limit_error", "rate_limit_exceeded"},
    {500, "api_error", "server_error", ""},
    {503, "", "server_error", "overloaded"},
    {504, "timeout_error", "server_error", "timeout"},
    {529, "overloaded_error", "server_error", "overloaded"},
}};

const Kind& kind_of_status(int status) {
    for (const Kind& kind : kinds) {
        if (kind.status == status) return kind;
    }
    return kind_of_status(status < 500 ? 400 : 500);
}

const Kind& kind_of_type(std::string_view anthropic_type) {
    for (const Kind& kind : kinds) {
        if (!anthropic_type.empty() && kind.anthropic_type == anthropic_type) return kind;
    }
    return kind_of_status(500);
}

std::string write_error(const Kind& kind, std::string_view message, std::string_view param) {
    rapidjson::StringBuffer buffer;
    JsonWriter out(buffer);
    const auto text_or_null = [&](const char* name, std::string_view text) {
        out.Key(name);
        if (text.empty()) {
            out.Null();
        } else {
            write_text(out, text);
        }
    };
    out.StartObject();
    out.Key("error");
    out.StartObject();
    write_member(out, "message", clean_utf8(message, max_message_bytes));
    write_member(out, "type", kind.type);
    text_or_null("param", clean_utf8(param, max_message_bytes));
    text_or_null("code", kind.code);
    out.EndObject();
    out.EndObject();
    return take_text(buffer);
}

}  // namespace

std::string error_body(int status, std::string_view message, std::string_view param) {
    return write_error(kind_of_status(status), message, param);
}

std::string error_response(const http1::Refusal& refusal, std::string_view request_id,
                           bool keep_alive, bool head_only) {
    return http1::error_response(refusal, request_id, keep_alive, head_only,
                                 error_body(refusal.status, refusal.message, refusal.param),
                                 "x-request-id");
}

std::string translate_error(int status, std::string_view json) {
    std::string message = "the upstream answered " + std::to_string(status);
    if (const Result<rapidjson::Document> parsed = parse_bounded(json); parsed) {
        const JsonValue* error = find(*parsed, "error");
        const std::string_view said =
            error == nullptr ? std::string_view() : find_text(*error, "message");
        if (!said.empty()) message = said;
    }
    return error_body(status, message);
}

std::string translate_stream_error(const JsonValue& event) {
    const JsonValue* error = find(event, "error");
    const std::string_view type = error == nullptr ? std::string_view() : find_text(*error, "type");
    const std::string_view message =
        error == nullptr ? std::string_view() : find_text(*error, "message");
    return write_error(kind_of_type(type), message.empty() ? "the upstream failed" : message, {});
}

}  // namespace ccproxy::openai
