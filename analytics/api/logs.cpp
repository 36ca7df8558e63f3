// The request logs: pages of them by filter, and one by its id.
#include <array>
#include <utility>

#include "analytics/api/handlers.hpp"
#include "analytics/api/log_text.hpp"

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

}  // namespace

http::Response list_request_logs(const Call& call) {
    Params params(call.request.query);
    const LogFilter filter = read_log_filter(params);
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
    json.boolean("total_is_exact", found->total_is_exact);
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
