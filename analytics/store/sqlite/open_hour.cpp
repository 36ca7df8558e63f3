#include "analytics/store/sqlite/open_hour.hpp"

#include "analytics/store/sqlite/roll_up_table.hpp"
#include "analytics/store/sqlite/weeks.hpp"

namespace ccproxy::analytics {

OpenHour::OpenHour(const SQLite::Database& database)
    : is_open_(database, "SELECT 1 FROM usage_open_hours WHERE hour_at = ?"),
      has_rows_(database, "SELECT 1 FROM usage_hourly WHERE kind IN (0, 1, 2, 3) AND hour_at = ?"),
      first_(database, "SELECT hour_at, day FROM usage_open_hours LIMIT 1"),
      add_to_day_(database, add_rows_sql(daily_table, "SELECT kind, ?1, group_id, " + sum_columns +
                                                          ", " + histogram_columns +
                                                          " FROM usage_hourly WHERE kind IN "
                                                          "(0, 1, 2, 3) AND hour_at = ?2")),
      close_(database, "DELETE FROM usage_open_hours WHERE hour_at = ?"),
      open_(database, "INSERT INTO usage_open_hours (hour_at, day) VALUES (?, ?)"),
      open_week_(database, open_week_sql) {}

void OpenHour::follow(const LocalHour& now) {
    if (is_open(now.start_ms) || has_rows(now.start_ms)) return;
    close_all();
    open_.bind(1, now.start_ms);
    open_.bind(2, now.day);
    open_.run();
}

bool OpenHour::is_open(std::int64_t hour_at_ms) {
    is_open_.bind(1, hour_at_ms);
    const bool found = is_open_.step();
    is_open_.reset();
    return found;
}

bool OpenHour::has_rows(std::int64_t hour_at_ms) {
    has_rows_.bind(1, hour_at_ms);
    const bool found = has_rows_.step();
    has_rows_.reset();
    return found;
}

void OpenHour::close_all() {
    while (first_.step()) {
        const std::int64_t hour_at_ms = first_.integer(0);
        const std::int64_t day = first_.integer(1);
        first_.reset();
        add_to_day_.bind(1, day);
        add_to_day_.bind(2, hour_at_ms);
        add_to_day_.run();
        open_week_.bind(1, week_of(day));
        open_week_.run();
        close_.bind(1, hour_at_ms);
        close_.run();
    }
    first_.reset();
}

}  // namespace ccproxy::analytics
