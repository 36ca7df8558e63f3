// The request logs: pages of them by filter, and one by its id.
#include <array>
#include <utility>

#include "analytics/api/handlers.hpp"
#include "analytics/api/json_text.hpp"
#include "analytics/api/params.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t max_page = 1'000'000'000;
constexpr std::int64_t max_limit = 1000;
constexpr std::int64_t default_limit = 50;
constexpr std::size_t max_cursor_bytes = 1024;

constexpr std::array<std::pair<const char*, SortField>, 6> sort_fields{{
    {"request_at", SortField::request_at},
    {"duration_ms", SortField::duration_ms},
    {"ttft_ms", SortField::ttft_ms},
    {"total_tokens", SortField::total_tokens},
    {"cost_nano_usd", SortField::cost},
    {"status_code", SortField::status_code},
}};

LogFilter read_filter(Params& params) {
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

PageRequest read_page(Params& params) {
    PageRequest page;
    page.page = params.integer("page", 0, max_page).value_or(0);
    page.limit = params.integer("limit", 1, max_limit).value_or(default_limit);
    std::vector<std::string> names;
    for (const auto& [name, field] : sort_fields) names.emplace_back(name);
    if (const auto sort = params.choice("sort", names)) {
        for (const auto& [name, field] : sort_fields) {
            if (*sort == name) page.sort = field;
        }
    }
    page.ascending = params.choice("order", {"asc", "desc"}) == "asc";
    page.cursor = params.text("cursor", max_cursor_bytes).value_or("");
    return page;
}

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
    json.text("proxy_id", log.proxy_id);
    json.close_object();
}

}  // namespace

http::Response list_request_logs(const Call& call) {
    Params params(call.request.query);
    const LogFilter filter = read_filter(params);
    const PageRequest page = read_page(params);
    if (const auto error = params.error()) return http::error_response(400, error->message);

    const Result<LogPage> found = call.worker.reader->request_logs(filter, page);
    if (!found) return http::error_response(400, found.error().message);
    JsonText json;
    json.open_object();
    json.open_array("logs");
    for (const RequestLog& log : found->logs) write_log(json, log);
    json.close_array();
    json.integer("total", found->total);
    json.integer("page", page.page);
    json.integer("limit", page.limit);
    json.text_or_null("next_cursor", found->next_cursor);
    json.close_object();
    return http::json_response(200, json.str());
}

http::Response show_request_log(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    const std::string id = call.path_parameter("id");
    const auto log = is_uuid(id) ? call.worker.reader->request_log(id) : std::nullopt;
    if (!log) return http::error_response(404, "id: there is no such request log");
    JsonText json;
    write_log(json, *log);
    return http::json_response(200, json.str());
}

}  // namespace ccproxy::analytics
