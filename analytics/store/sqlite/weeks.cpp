#include "analytics/store/sqlite/weeks.hpp"

#include <SQLiteCpp/Transaction.h>

#include "analytics/store/sqlite/raw_statement.hpp"
#include "analytics/store/sqlite/roll_up_table.hpp"

namespace ccproxy::analytics {
namespace {

/// An hour that is open will open its week again.
constexpr const char* select_week =
    "SELECT week FROM usage_open_weeks WHERE week <= ? AND NOT EXISTS (SELECT 1 FROM "
    "usage_open_hours WHERE day >= week AND day < week + 7) ORDER BY week DESC LIMIT 1";

void run_for(const SQLite::Database& database, const std::string& sql, std::int64_t week) {
    RawStatement statement(database, sql);
    statement.bind(1, week);
    statement.run();
}

}  // namespace

bool sum_up_week(SQLite::Database& database, std::int64_t today) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    std::int64_t week = 0;
    {
        RawStatement next(database, select_week);
        next.bind(1, today - days_of_week);
        if (!next.step()) return false;
        week = next.integer(0);
    }
    run_for(database, "DELETE FROM usage_weekly WHERE kind IN (1, 2, 3) AND week = ?", week);
    run_for(database,
            add_rows_sql(weekly_table, "SELECT kind, ?1, group_id, " + sum_columns + ", " +
                                           histogram_columns +
                                           " FROM usage_daily WHERE kind IN (1, 2, 3) AND "
                                           "day >= ?1 AND day < ?1 + 7"),
            week);
    run_for(database, "DELETE FROM usage_open_weeks WHERE week = ?", week);
    transaction.commit();
    return true;
}

}  // namespace ccproxy::analytics
