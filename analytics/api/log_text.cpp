#include "analytics/api/log_text.hpp"

#include <array>

namespace ccproxy::analytics {
namespace {

constexpr std::array columns{
    "ID", "TokenID", "AccountID", "UserName", "Mode", "Model", "Stream", "RequestAt", "ResponseAt",
    "DurationMs", "TTFTMs", "PromptTokens", "CompletionTokens", "TotalTokens", "StatusCode",
    "Success", "ErrorMessage", "ConversationID",
    // Ours.
    "CacheCreation5mTokens", "CacheCreation1hTokens", "CacheReadTokens", "UsageSource",
    "CostNanoUSD", "StopReason", "AgentID", "UpstreamRequestID", "Attempts", "ProxyID"};

void write_usage(JsonText& json, const Event& event) {
    const bool known = event.usage_source != UsageSource::none;
    const auto tokens = [&](std::string_view name, std::int64_t count) {
        json.integer_or_null(name, known ? std::optional(count) : std::nullopt);
    };
    const Usage& usage = event.usage;
    tokens("prompt_tokens", usage.prompt_tokens());
    tokens("completion_tokens", usage.output_tokens);
    tokens("total_tokens", usage.prompt_tokens() + usage.output_tokens);
    tokens("cache_creation_5m_tokens", usage.cache_creation_5m_tokens);
    tokens("cache_creation_1h_tokens", usage.cache_creation_1h_tokens);
    tokens("cache_read_tokens", usage.cache_read_tokens);
    json.text("usage_source", to_string(event.usage_source));
}

void write_attempts(JsonText& json, const std::vector<Attempt>& attempts) {
    if (attempts.empty()) return json.null("attempts_detail");
    json.open_array("attempts_detail");
    for (const Attempt& attempt : attempts) {
        json.open_object();
        json.text("account_id", attempt.account_id);
        json.integer_or_null("status", attempt.status == 0
                                           ? std::nullopt
                                           : std::optional<std::int64_t>(attempt.status));
        json.text_or_null("error", attempt.error);
        json.integer("duration_ms", attempt.duration_ms);
        json.close_object();
    }
    json.close_array();
}

}  // namespace

LogFilter read_log_filter(Params& params) {
    LogFilter filter;
    filter.token_id = params.text("token_id");
    filter.account_id = params.text("account_id");
    filter.user_name = params.text("user_name");
    filter.mode = params.choice("mode", {"api", "web"});
    filter.model = params.text("model");
    filter.conversation_id = params.text("conversation_id");
    filter.success = params.boolean("success");
    if (const auto code = params.integer("status_code", 100, 999)) {
        filter.status_code = static_cast<int>(*code);
    }
    filter.from_ms = params.from_date("from_date");
    filter.to_ms = params.to_date("to_date");
    if (filter.from_ms && filter.to_ms && *filter.from_ms >= *filter.to_ms) {
        params.fail("from_date", "must be before to_date");
    }
    return filter;
}

void write_log(JsonText& json, const RequestLog& log) {
    const Event& event = log.event;
    json.open_object();
    json.text("id", event.id);
    json.text("token_id", event.token_id);
    json.text_or_null("account_id", event.account_id);
    json.text_or_null("user_name", event.user_name);
    json.text_or_null("mode", event.mode);
    json.text_or_null("model", event.model);
    json.boolean("stream", event.stream);
    json.time("request_at", event.request_at_ms);
    json.time("response_at", event.response_at_ms);
    json.integer("duration_ms", event.duration_ms);
    json.integer_or_null("ttft_ms", event.ttft_ms);
    write_usage(json, event);
    json.integer_or_null("cost_nano_usd", log.cost_nano_usd);
    json.integer("status_code", event.status_code);
    json.boolean("success", event.success);
    json.text_or_null("error_message", event.error_message);
    json.text_or_null("stop_reason", event.stop_reason);
    json.text_or_null("conversation_id", event.conversation_id);
    json.text_or_null("agent_id", event.agent_id);
    json.text_or_null("upstream_request_id", event.upstream_request_id);
    json.integer("attempts", event.attempts);
    write_attempts(json, event.attempts_detail);
    json.text("proxy_id", log.proxy_id);
    json.close_object();
}

void write_log_header(CsvText& csv) {
    for (const char* column : columns) csv.text(column);
    csv.end_row();
}

void write_log(CsvText& csv, const RequestLog& log) {
    const Event& event = log.event;
    const Usage& usage = event.usage;
    const auto tokens = [&](std::int64_t count) {
        const bool known = event.usage_source != UsageSource::none;
        csv.integer_or_empty(known ? std::optional(count) : std::nullopt);
    };
    csv.text(event.id);
    csv.text(event.token_id);
    csv.text(event.account_id);
    csv.text(event.user_name);
    csv.text(event.mode);
    csv.text(event.model);
    csv.boolean(event.stream);
    csv.time(event.request_at_ms);
    csv.time(event.response_at_ms);
    csv.integer(event.duration_ms);
    csv.integer_or_empty(event.ttft_ms);
    tokens(usage.prompt_tokens());
    tokens(usage.output_tokens);
    tokens(usage.prompt_tokens() + usage.output_tokens);
    csv.integer(event.status_code);
    csv.boolean(event.success);
    csv.text(event.error_message);
    csv.text(event.conversation_id);
    tokens(usage.cache_creation_5m_tokens);
    tokens(usage.cache_creation_1h_tokens);
    tokens(usage.cache_read_tokens);
    csv.text(to_string(event.usage_source));
    csv.integer_or_empty(log.cost_nano_usd);
    csv.text(event.stop_reason);
    csv.text(event.agent_id);
    csv.text(event.upstream_request_id);
    csv.integer(event.attempts);
    csv.text(log.proxy_id);
    csv.end_row();
}

}  // namespace ccproxy::analytics
