// Figures of one token and of one account: over a range, and day by day.
#include <map>

#include "analytics/api/handlers.hpp"
#include "analytics/api/params.hpp"
#include "analytics/api/stats_json.hpp"
#include "analytics/api/stats_range.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t default_days = 7;
constexpr std::int64_t default_trend_days = 30;
constexpr std::size_t max_id_bytes = 256;

struct Subject {
    Dimension dimension;
    const char* name;
};
constexpr Subject token{Dimension::token, "token_id"};
constexpr Subject account{Dimension::account, "account_id"};

/// What was asked, or what is wrong with it.
Result<StatsRange> read_question(const Call& call, const DayZone& zone, std::int64_t days) {
    Params params(call.request.query);
    const StatsRange range = read_range(params, zone, call.worker.services.clock.unix_ms(), days);
    if (call.path_parameter("id").size() > max_id_bytes) {
        params.fail("id", "must not be longer than " + std::to_string(max_id_bytes) + " bytes");
    }
    if (const auto error = params.error()) return *error;
    return range;
}

StatsQuery question(const Call& call, const Subject& subject, const StatsRange& range) {
    StatsQuery query;
    query.filter[subject.dimension] = call.path_parameter("id");
    query.from_ms = range.from_ms;
    query.to_ms = range.to_ms;
    query.percentiles = true;
    return query;
}

void write_figures(JsonText& json, const Figures& figures) {
    write_counts(json, figures, "request_count");
    write_averages(json, figures);
    write_percentiles(json, figures);
}

/// An id that nothing is known of has zeros: its first request may come any moment, and rows keep
/// ids that no list has any more.
http::Response show_figures(const Call& call, const Subject& subject) {
    const DayZone& zone = call.worker.reader->stats_zone();
    const Result<StatsRange> range = read_question(call, zone, default_days);
    if (!range) return http::error_response(400, range.error().message);

    const StatsTable table = call.worker.reader->stats(question(call, subject, *range)).value();
    JsonText json;
    json.open_object();
    json.text(subject.name, call.path_parameter("id"));
    json.integer("days", range->days);
    write_range(json, *range, zone);
    write_figures(json, table.rows.empty() ? Figures{} : table.rows.front().figures);
    json.close_object();
    return http::json_response(200, json.str());
}

http::Response show_trend(const Call& call, const Subject& subject) {
    const DayZone& zone = call.worker.reader->stats_zone();
    const Result<StatsRange> range = read_question(call, zone, default_trend_days);
    if (!range) return http::error_response(400, range.error().message);

    StatsQuery query = question(call, subject, *range);
    query.per = TimeUnit::day;
    query.limit = static_cast<std::size_t>(max_stats_days);
    std::map<std::int64_t, Figures> by_day;
    for (StatsRow& row : call.worker.reader->stats(query).value().rows) {
        by_day.emplace(row.period, std::move(row.figures));
    }
    JsonText json;
    json.open_object();
    json.text(subject.name, call.path_parameter("id"));
    json.integer("days", range->days);
    write_range(json, *range, zone);
    json.open_array("trend");
    const std::int64_t first = zone.day_number(range->from_ms);
    for (std::int64_t day = first; day < first + range->days; ++day) {
        json.open_object();
        json.text("date", day_text(day));
        write_figures(json, by_day[day]);
        json.close_object();
    }
    json.close_array();
    json.close_object();
    return http::json_response(200, json.str());
}

}  // namespace

http::Response show_token_stats(const Call& call) {
    return show_figures(call, token);
}

http::Response show_account_stats(const Call& call) {
    return show_figures(call, account);
}

http::Response show_token_trend(const Call& call) {
    return show_trend(call, token);
}

http::Response show_account_trend(const Call& call) {
    return show_trend(call, account);
}

}  // namespace ccproxy::analytics
