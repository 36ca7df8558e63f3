#include "analytics/store/sqlite/roll_up_rebuild.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <stdexcept>

#include "analytics/store/sqlite/log_figures.hpp"
#include "analytics/store/sqlite/meta.hpp"
#include "analytics/store/sqlite/roll_up.hpp"

namespace ccproxy::analytics {
namespace {

/// Some 1 KiB each: bounds the memory, whatever the number of logs.
constexpr std::size_t max_entries = 20'000;
constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();

/// The roll-ups of all logs but those of some days.
void add_logs(SQLite::Database& database, const DayZone& zone,
              const std::set<std::int64_t>& without) {
    RollUpTables tables(database);
    RollUp roll_up(zone);
    LocalHour hour;
    bool skips = false;
    each_log(database, 0, end_of_time, [&](const Event& event, const auto& cost) {
        if (!hour.holds(event.request_at_ms)) {
            hour = zone.hour_of(event.request_at_ms);
            skips = without.contains(hour.day);
        }
        if (skips) return;
        roll_up.add(event, cost);
        if (roll_up.size() < max_entries) return;
        roll_up.write(tables);
        roll_up.clear();
    });
    roll_up.write(tables);
}

/// The days of the old table that count more requests than there are logs.
std::set<std::int64_t> days_without_logs(SQLite::Database& database, const DayZone& zone) {
    RawStatement old(database,
                     "SELECT stat_date, sum(request_count) FROM usage_stats_daily_before "
                     "GROUP BY stat_date");
    RawStatement logs(database,
                      "SELECT count(*) FROM request_logs WHERE request_at >= ? AND request_at < ?");
    std::set<std::int64_t> days;
    while (old.step()) {
        const std::int64_t day = parse_day_number(old.bytes(0)).value();
        logs.bind(1, zone.start_of(day));
        logs.bind(2, zone.start_of(day + 1));
        logs.step();
        if (logs.integer(0) < old.integer(1)) days.insert(day);
        logs.reset();
    }
    return days;
}

/// What the old table said of days that cannot be computed any more.
void add_old_sums(SQLite::Database& database, const std::set<std::int64_t>& days) {
    RollUpTables tables(database);
    RawStatement old(database,
                     "SELECT token_id, account_id, mode, model, request_count, success_count, "
                     "prompt_tokens, completion_tokens, cache_creation_5m_tokens, "
                     "cache_creation_1h_tokens, cache_read_tokens, usage_count, cost_nano_usd, "
                     "cost_count, duration_sum_ms, ttft_sum_ms, ttft_count "
                     "FROM usage_stats_daily_before WHERE stat_date = ?");
    for (const std::int64_t day : days) {
        tables.open_week.bind(1, week_of(day));
        tables.open_week.run();
        const std::string date = day_text(day);
        old.bind_text(1, date);
        while (old.step()) {
            Labels labels;
            labels[Dimension::token] = old.bytes(0);
            labels[Dimension::account] = old.bytes(1);
            labels[Dimension::mode] = old.bytes(2);
            labels[Dimension::model] = old.bytes(3);
            Figures figures;
            read_sums(old, 4, figures);
            const GroupIds& ids = tables.groups.ids_of(labels);
            for (std::size_t kind = 0; kind < kind_count; ++kind) {
                tables.daily.write(static_cast<int>(kind), day, ids.at(kind), figures);
            }
        }
        old.reset();
    }
}

}  // namespace

void rebuild_roll_ups(SQLite::Database& database, const DayZone& zone) {
    const std::int64_t counted =
        read_integer(database, "SELECT sum(request_count) FROM usage_stats_daily");
    if (counted > read_integer(database, "SELECT count(*) FROM request_logs")) {
        throw std::runtime_error(
            "stats.timezone cannot become " + zone.name() +
            ": some of the logs that the daily figures would be computed from are gone");
    }
    database.exec(
        "DELETE FROM usage_daily; DELETE FROM usage_hourly; DELETE FROM usage_open_hours; "
        "DELETE FROM usage_weekly; DELETE FROM usage_open_weeks");
    add_logs(database, zone, {});
}

void move_old_roll_ups(SQLite::Database& database, const DayZone& zone) {
    if (!database.tableExists("usage_stats_daily_before")) return;
    const std::set<std::int64_t> purged = days_without_logs(database, zone);
    add_logs(database, zone, purged);
    add_old_sums(database, purged);
    if (!purged.empty()) {
        const std::int64_t mark =
            std::max(read_logs_purged_before_ms(database), zone.start_of(*purged.rbegin() + 1));
        write_meta(database, logs_purged_before_key, std::to_string(mark));
    }
    database.exec("DROP TABLE usage_stats_daily_before");
}

}  // namespace ccproxy::analytics
