// Sums of seven days, so that long ranges are read in few rows.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>

namespace ccproxy::analytics {

/// Whoever writes a row of a day says so with this, within the same transaction: what was summed up
/// of its week is then not read any more. With the week as its parameter.
inline constexpr const char* open_week_sql =
    "INSERT OR IGNORE INTO usage_open_weeks (week) VALUES (?)";

/// Sums up one open week that was over before the day `today`, in one transaction of some ten
/// milliseconds. False when there is none.
bool sum_up_week(SQLite::Database& database, std::int64_t today);

}  // namespace ccproxy::analytics
