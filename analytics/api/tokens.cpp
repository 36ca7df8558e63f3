// Client keys: made, listed, revoked, set up.
#include "analytics/api/auth.hpp"
#include "analytics/api/body.hpp"
#include "analytics/api/handlers.hpp"
#include "analytics/api/json_text.hpp"
#include "common/client_key.hpp"
#include "common/config_source.hpp"
#include "common/hash.hpp"
#include "common/utf8.hpp"
#include "proto/json_fields.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::size_t max_name_bytes = 256;
constexpr std::size_t max_id_bytes = 64;
constexpr std::int64_t max_lifetime_ms = 36'500LL * 86'400'000;  // A hundred years.

http::Response bad_request(const Error& error) {
    return http::error_response(400, error.message);
}

http::Response no_such_token() {
    return http::error_response(404, "id: there is no such token");
}

/// C0, DEL and C1: what could break a line of a log or a terminal.
bool has_control_character(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7F) return true;
        const bool c1_lead = byte == 0xC2 && i + 1 < text.size();
        if (c1_lead && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
    }
    return false;
}

struct TokenOrder {
    std::string name, mode;
    std::optional<std::int64_t> lifetime_ms;
};

Result<TokenOrder> read_order(std::string_view body) {
    const Result<rapidjson::Document> document = parse_body(body, {"name", "expires_in", "mode"});
    if (!document) return document.error();
    JsonFields fields(*document);
    TokenOrder order;
    order.name = fields.required_text("name", max_name_bytes);
    if (has_control_character(order.name)) fields.fail("name", "holds a control character");
    if (!is_utf8(order.name)) fields.fail("name", "must be UTF-8");
    order.mode = fields.find("mode") == nullptr ? "both" : fields.text("mode", max_name_bytes);
    if (order.mode != "api" && order.mode != "web" && order.mode != "both") {
        fields.fail("mode", "must be api, web or both");
    }
    if (fields.find("expires_in") != nullptr) {
        const auto lifetime = parse_duration(fields.text("expires_in", max_name_bytes));
        if (!lifetime) {
            fields.fail("expires_in", "must be a duration such as 720h or 30d");
        } else if (lifetime->count() <= 0 || lifetime->count() > max_lifetime_ms) {
            fields.fail("expires_in", "must be more than 0 and at most 36500d");
        } else {
            order.lifetime_ms = lifetime->count();
        }
    }
    if (fields.error()) return *fields.error();
    return order;
}

/// null takes a limit away.
LimitChange read_limit(const rapidjson::Document& body, JsonFields& fields, const char* name,
                       std::int64_t cap) {
    if (!body.HasMember(name)) return std::nullopt;
    return LimitChange(fields.integer(name, 1, cap));
}

Result<TokenSettings> read_settings(std::string_view text) {
    static constexpr const char* logging = "enable_conversation_logging";
    const Result<rapidjson::Document> body = parse_body(
        text, {logging, "requests_per_minute", "max_concurrent_requests", "tokens_per_day"});
    if (!body) return body.error();
    JsonFields fields(*body);
    TokenSettings settings;
    const bool logs = fields.boolean(logging);
    if (fields.find(logging) != nullptr) settings.conversation_logging = logs;
    settings.requests_per_minute =
        read_limit(*body, fields, "requests_per_minute", requests_per_minute_cap);
    settings.max_concurrent_requests =
        read_limit(*body, fields, "max_concurrent_requests", concurrent_requests_cap);
    settings.tokens_per_day = read_limit(*body, fields, "tokens_per_day", tokens_per_day_cap);
    if (body->HasMember(logging) && !settings.conversation_logging) {
        fields.fail(logging, "must be true or false");
    }
    if (body->ObjectEmpty()) fields.fail(logging, "or another setting is required");
    if (fields.error()) return *fields.error();
    return settings;
}

void write_token(JsonText& json, const TokenInfo& token, std::int64_t now_ms) {
    const bool expired = token.expires_at_ms && *token.expires_at_ms <= now_ms;
    json.open_object();
    json.text("id", token.id);
    json.text("name", token.name);
    json.text("mode", token.mode);
    json.time("created_at", token.created_at_ms);
    json.time_or_null("expires_at", token.expires_at_ms);
    json.time_or_null("revoked_at", token.revoked_at_ms);
    json.time_or_null("last_used_at", token.last_used_at_ms);
    json.boolean("is_valid", !token.revoked_at_ms && !expired);
    json.boolean("enable_conversation_logging", token.conversation_logging);
    json.integer("total_requests", token.total_requests);
    json.integer("total_tokens_used", token.total_tokens_used);
    json.integer_or_null("requests_per_minute", token.limits.requests_per_minute);
    json.integer_or_null("max_concurrent_requests", token.limits.max_concurrent_requests);
    json.integer_or_null("tokens_per_day", token.limits.tokens_per_day);
    json.close_object();
}

}  // namespace

http::Response generate_token(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    const Result<TokenOrder> order = read_order(call.request.body);
    if (!order) return bad_request(order.error());

    const std::string key = generate_client_key();
    NewToken token;
    token.created_at_ms = call.worker.services.clock.unix_ms();
    token.id = call.worker.ids.next(token.created_at_ms);
    token.key_sha256 = sha256(key);
    token.name = order->name;
    token.mode = order->mode;
    if (order->lifetime_ms) token.expires_at_ms = token.created_at_ms + *order->lifetime_ms;
    call.worker.services.add_token(token);

    JsonText json;
    json.open_object();
    json.text("token", key);
    json.text("id", token.id);
    json.text("name", token.name);
    json.text("mode", token.mode);
    json.time_or_null("expires_at", token.expires_at_ms);
    json.close_object();
    return http::json_response(200, json.str());
}

http::Response list_tokens(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    const std::int64_t now_ms = call.worker.services.clock.unix_ms();
    JsonText json;
    json.open_object();
    json.open_array("tokens");
    for (const TokenInfo& token : call.worker.reader->tokens()) write_token(json, token, now_ms);
    json.close_array();
    json.close_object();
    return http::json_response(200, json.str());
}

http::Response revoke_token(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    const Result<rapidjson::Document> document = parse_body(call.request.body, {"id"});
    if (!document) return bad_request(document.error());
    JsonFields fields(*document);
    const std::string id = fields.required_text("id", max_id_bytes);
    if (fields.error()) return bad_request(*fields.error());
    if (!is_uuid(id) || !call.worker.services.revoke_token(id)) return no_such_token();
    return message_response("the token is revoked");
}

http::Response change_token_settings(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    const Result<TokenSettings> settings = read_settings(call.request.body);
    if (!settings) return bad_request(settings.error());
    const std::string id = call.path_parameter("id");
    if (!is_uuid(id) || !call.worker.services.change_token_settings(id, *settings)) {
        return no_such_token();
    }
    return message_response("the settings are in force");
}

http::Response show_own_token(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    JsonText json;
    write_token(json, call.client.value(), call.worker.services.clock.unix_ms());
    return http::json_response(200, json.str());
}

}  // namespace ccproxy::analytics
