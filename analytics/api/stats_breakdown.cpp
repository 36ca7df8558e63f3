// Figures split by any dimensions, filtered by any dimensions.
#include <algorithm>
#include <array>
#include <utility>

#include "analytics/api/handlers.hpp"
#include "analytics/api/params.hpp"
#include "analytics/api/stats_json.hpp"
#include "analytics/api/stats_range.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t default_days = 7;
constexpr std::int64_t default_limit = 100;
constexpr std::int64_t max_limit = 1000;

struct Named {
    const char* group;  ///< As group_by has it.
    const char* field;  ///< As filters and answers have it.
    Dimension dimension;
};
constexpr std::array<Named, dimension_count> dimensions{{
    {"token", "token_id", Dimension::token},
    {"account", "account_id", Dimension::account},
    {"mode", "mode", Dimension::mode},
    {"model", "model", Dimension::model},
    {"user", "user_name", Dimension::user},
}};

constexpr std::array<std::pair<const char*, FigureSort>, 10> sorts{{
    {"time", FigureSort::time},
    {"request_count", FigureSort::request_count},
    {"success_count", FigureSort::success_count},
    {"error_count", FigureSort::error_count},
    {"total_prompt_tokens", FigureSort::prompt_tokens},
    {"total_completion_tokens", FigureSort::completion_tokens},
    {"total_tokens", FigureSort::total_tokens},
    {"total_cost_nano_usd", FigureSort::cost},
    {"avg_duration_ms", FigureSort::avg_duration},
    {"avg_ttft_ms", FigureSort::avg_ttft},
}};

/// One name of the list; false when there is no such name, or it was there before.
bool add_group(const std::string& name, StatsQuery& query) {
    if (name == "day" || name == "hour") {
        if (query.per != TimeUnit::none) return false;
        query.per = name == "day" ? TimeUnit::day : TimeUnit::hour;
        return true;
    }
    for (const Named& known : dimensions) {
        if (name != known.group) continue;
        return !std::exchange(query.by[known.dimension], true);
    }
    return false;
}

/// The names as they were given.
std::vector<std::string> read_groups(Params& params, StatsQuery& query) {
    std::vector<std::string> names;
    const std::optional<std::string> text = params.text("group_by");
    if (!text) {
        params.fail("group_by", "is missing");
        return names;
    }
    for (std::size_t start = 0; start <= text->size();) {
        const std::size_t end = std::min(text->find(',', start), text->size());
        names.push_back(text->substr(start, end - start));
        start = end + 1;
        if (add_group(names.back(), query)) continue;
        params.fail("group_by",
                    "must be a list of token, account, mode, model, user and one of day or hour, "
                    "each once, separated by commas");
        break;
    }
    return names;
}

void read_filter(Params& params, StatsQuery& query) {
    for (const Named& known : dimensions) {
        query.filter[known.dimension] = known.dimension == Dimension::mode
                                            ? params.choice(known.field, {"api", "web"})
                                            : params.text(known.field);
    }
}

/// What is split by time is shown in its order, all else by the number of requests.
void read_order(Params& params, StatsQuery& query) {
    std::vector<std::string> names;
    for (const auto& [name, sort] : sorts) names.emplace_back(name);
    const bool by_time = query.per != TimeUnit::none;
    query.sort = by_time ? FigureSort::time : FigureSort::request_count;
    if (const auto chosen = params.choice("sort", names)) {
        for (const auto& [name, sort] : sorts) {
            if (*chosen == name) query.sort = sort;
        }
    }
    const auto order = params.choice("order", {"asc", "desc"});
    query.ascending = order ? *order == "asc" : query.sort == FigureSort::time;
    query.limit =
        static_cast<std::size_t>(params.integer("limit", 1, max_limit).value_or(default_limit));
}

void write_row(JsonText& json, const StatsRow& row, const StatsQuery& query) {
    json.open_object();
    if (query.per == TimeUnit::day) json.text("date", day_text(row.period));
    if (query.per == TimeUnit::hour) json.time("hour", row.period);
    for (const Named& known : dimensions) {
        if (query.by[known.dimension]) {
            json.text_or_null(known.field, row.labels[known.dimension]);
        }
    }
    write_counts(json, row.figures, "request_count");
    write_averages(json, row.figures);
    write_percentiles(json, row.figures);
    json.close_object();
}

}  // namespace

http::Response show_breakdown(const Call& call) {
    StoreReader& reader = *call.worker.reader;
    const DayZone& zone = reader.stats_zone();
    Params params(call.request.query);
    StatsQuery query;
    const std::vector<std::string> groups = read_groups(params, query);
    const StatsRange range =
        read_range(params, zone, call.worker.services.clock.unix_ms(), default_days);
    read_filter(params, query);
    read_order(params, query);
    if (const auto error = params.error()) return http::error_response(400, error->message);

    query.from_ms = range.from_ms;
    query.to_ms = range.to_ms;
    query.percentiles = true;
    const Result<StatsTable> table = reader.stats(query);
    if (!table) return http::error_response(400, "group_by: " + table.error().message);
    JsonText json;
    json.open_object();
    json.open_array("group_by");
    for (const std::string& name : groups) json.element(name);
    json.close_array();
    json.integer("days", range.days);
    write_range(json, range, zone);
    json.open_array("rows");
    for (const StatsRow& row : table->rows) write_row(json, row, query);
    json.close_array();
    json.count("total_rows", table->total_rows);
    json.integer("limit", static_cast<std::int64_t>(query.limit));
    json.boolean("truncated", table->rows.size() < table->total_rows);
    json.close_object();
    return http::json_response(200, json.str());
}

}  // namespace ccproxy::analytics
