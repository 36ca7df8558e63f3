// Finds where roll-ups differ from what they are made of, and mends them.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "analytics/store/stats.hpp"

namespace ccproxy::analytics {

// See StatsReader and StatsWriter.
RollUpCheck check_hour(SQLite::Database& database, const DayZone& zone, const LocalHour& hour);
RollUpCheck check_day(SQLite::Database& database, const DayZone& zone, std::int64_t day);
RollUpCheck check_week(SQLite::Database& database, const DayZone& zone, std::int64_t day);
std::optional<std::int64_t> next_day_with_data(SQLite::Database& database, const DayZone& zone,
                                               std::int64_t day, std::int64_t end);
bool repair_roll_ups(SQLite::Database& database, RollUpCheck& check, std::size_t first,
                     std::size_t count);

}  // namespace ccproxy::analytics
