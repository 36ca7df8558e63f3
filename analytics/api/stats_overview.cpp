// The whole at a glance: the overview, today by the hour, and who and what used most.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

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

using ByName = std::map<std::string, Figures>;

/// Split by two labels that become keys. Of all models those that are asked for most.
struct Split {
    ByName by_mode, by_model;
};

void keep_most_used(ByName& by_name, std::size_t count) {
    if (by_name.size() <= count) return;
    std::vector<ByName::iterator> order;
    for (auto entry = by_name.begin(); entry != by_name.end(); ++entry) order.push_back(entry);
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
        return a->second.request_count > b->second.request_count;
    });
    for (std::size_t i = count; i < order.size(); ++i) by_name.erase(order[i]);
}

Result<Split> read_split(StoreReader& reader, const StatsRange& range) {
    StatsQuery query = question(range);
    query.by[Dimension::mode] = query.by[Dimension::model] = true;
    query.limit = max_stats_rows;
    const Result<StatsTable> table = reader.stats(query);
    if (!table) return table.error();
    const auto name = [](const std::string& label) {
        return label.empty() ? std::string(unknown_name) : label;
    };
    Split split;
    for (const StatsRow& row : table->rows) {
        split.by_mode[name(row.labels[Dimension::mode])].add(row.figures);
        split.by_model[name(row.labels[Dimension::model])].add(row.figures);
    }
    keep_most_used(split.by_model, max_shown_models);
    return split;
}

void write_by(JsonText& json, const char* name, const ByName& by_name) {
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
    const auto split = read_split(reader, range);
    if (!split) return too_much(split.error());
    const ActiveCount active = reader.count_active(range.from_ms, range.to_ms);
    JsonText json;
    json.open_object();
    json.integer("days", range.days);
    write_range(json, range, zone);
    write_counts(json, all, "total_requests");
    write_averages(json, all);
    write_percentiles(json, all);
    json.integer("total_users", active.users);
    json.integer("active_tokens", active.tokens);
    write_by(json, "by_mode", split->by_mode);
    write_by(json, "by_model", split->by_model);
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
