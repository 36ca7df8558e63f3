// The whole at a glance: the overview, today by the hour, and who and what used most.
#include <array>
#include <map>
#include <utility>

#include "analytics/api/handlers.hpp"
#include "analytics/api/params.hpp"
#include "analytics/api/stats_json.hpp"
#include "analytics/api/stats_range.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t default_top_days = 7;
constexpr std::int64_t default_top = 10;
constexpr std::int64_t max_top = 1000;
/// Clients name models, so that there may be any number. What is beyond is in the sums.
constexpr std::size_t max_shown_models = 1000;
/// Stands for what is not known where a name is a key.
constexpr const char* unknown_name = "unknown";

StatsQuery question(const StatsRange& range) {
    StatsQuery query;
    query.from_ms = range.from_ms;
    query.to_ms = range.to_ms;
    return query;
}

/// All requests of a range.
Figures read_all(StoreReader& reader, const StatsRange& range) {
    StatsQuery query = question(range);
    query.percentiles = true;
    StatsTable table = reader.stats(query).value();
    return table.rows.empty() ? Figures{} : std::move(table.rows.front().figures);
}

/// By a label that becomes a key.
Result<std::map<std::string, Figures>> read_by(StoreReader& reader, const StatsRange& range,
                                               Dimension dimension) {
    StatsQuery query = question(range);
    query.by[dimension] = true;
    query.sort = FigureSort::request_count;
    query.ascending = false;
    query.limit = max_shown_models;
    const Result<StatsTable> table = reader.stats(query);
    if (!table) return table.error();
    std::map<std::string, Figures> by_name;
    for (const StatsRow& row : table->rows) {
        const std::string& label = row.labels[dimension];
        by_name[label.empty() ? unknown_name : label].add(row.figures);
    }
    return by_name;
}

void write_by(JsonText& json, const char* name, const std::map<std::string, Figures>& by_name) {
    json.open_object(name);
    for (const auto& [label, figures] : by_name) {
        json.open_object(label);
        write_counts(json, figures, "total_requests");
        json.close_object();
    }
    json.close_object();
}

http::Response too_much(const Error& error) {
    return http::error_response(400, "days: " + error.message);
}

http::Response list_top(const Call& call, Dimension dimension, const char* list_name,
                        const char* label_name) {
    StoreReader& reader = *call.worker.reader;
    const DayZone& zone = reader.stats_zone();
    Params params(call.request.query);
    const StatsRange range =
        read_range(params, zone, call.worker.services.clock.unix_ms(), default_top_days);
    const std::int64_t limit = params.integer("limit", 1, max_top).value_or(default_top);
    const auto sort = params.choice("sort", {"total_tokens", "total_requests", "cost"});
    if (const auto error = params.error()) return http::error_response(400, error->message);

    StatsQuery query = question(range);
    query.by[dimension] = true;
    query.sort = sort == "cost"             ? FigureSort::cost
                 : sort == "total_requests" ? FigureSort::request_count
                                            : FigureSort::total_tokens;
    query.ascending = false;
    query.limit = static_cast<std::size_t>(limit);
    const Result<StatsTable> table = reader.stats(query);
    if (!table) return too_much(table.error());
    JsonText json;
    json.open_object();
    json.integer("days", range.days);
    json.integer("limit", limit);
    write_range(json, range, zone);
    json.open_array(list_name);
    for (const StatsRow& row : table->rows) {
        json.open_object();
        json.text_or_null(label_name, row.labels[dimension]);
        write_counts(json, row.figures, "total_requests");
        json.close_object();
    }
    json.close_array();
    json.close_object();
    return http::json_response(200, json.str());
}

}  // namespace

http::Response show_overview(const Call& call) {
    StoreReader& reader = *call.worker.reader;
    const DayZone& zone = reader.stats_zone();
    Params params(call.request.query);
    const StatsRange range = read_range(params, zone, call.worker.services.clock.unix_ms(), 1);
    if (const auto error = params.error()) return http::error_response(400, error->message);

    const Figures all = read_all(reader, range);
    const auto by_mode = read_by(reader, range, Dimension::mode);
    const auto by_model = read_by(reader, range, Dimension::model);
    if (!by_mode) return too_much(by_mode.error());
    if (!by_model) return too_much(by_model.error());
    JsonText json;
    json.open_object();
    json.integer("days", range.days);
    write_range(json, range, zone);
    write_counts(json, all, "total_requests");
    write_averages(json, all);
    write_percentiles(json, all);
    json.integer("total_users", reader.count_active(Dimension::user, range.from_ms, range.to_ms));
    json.integer("active_tokens",
                 reader.count_active(Dimension::token, range.from_ms, range.to_ms));
    write_by(json, "by_mode", *by_mode);
    write_by(json, "by_model", *by_model);
    json.close_object();
    return http::json_response(200, json.str());
}

http::Response show_realtime(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    StoreReader& reader = *call.worker.reader;
    const DayZone& zone = reader.stats_zone();
    const std::int64_t now_ms = call.worker.services.clock.unix_ms();
    const std::int64_t today = zone.day_number(now_ms);
    const StatsRange range{zone.start_of(today), zone.start_of(today + 1), 1};
    StatsQuery query = question(range);
    query.per = TimeUnit::hour;
    std::map<std::int64_t, Figures> by_hour;
    for (StatsRow& row : reader.stats(query).value().rows) {
        by_hour.emplace(row.period, std::move(row.figures));
    }
    const Figures all = read_all(reader, range);
    JsonText json;
    json.open_object();
    json.text("date", day_text(today));
    write_range(json, range, zone);
    write_counts(json, all, "total_requests");
    write_averages(json, all);
    write_percentiles(json, all);
    json.open_array("hours");
    for (std::int64_t at = range.from_ms; at < range.to_ms && at <= now_ms;) {
        const LocalHour hour = zone.hour_of(at);
        json.open_object();
        json.time("hour", hour.start_ms);
        write_counts(json, by_hour[hour.start_ms], "total_requests");
        write_averages(json, by_hour[hour.start_ms]);
        json.close_object();
        at = hour.end_ms;
    }
    json.close_array();
    json.close_object();
    return http::json_response(200, json.str());
}

http::Response list_top_tokens(const Call& call) {
    return list_top(call, Dimension::token, "tokens", "token_id");
}

http::Response list_top_models(const Call& call) {
    return list_top(call, Dimension::model, "models", "model");
}

}  // namespace ccproxy::analytics
