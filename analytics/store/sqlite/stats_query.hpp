// Answers to questions about figures, from the roll-ups.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>

#include "analytics/store/stats.hpp"

namespace ccproxy::analytics {

/// See StatsReader. All of an answer is of one instant.
Result<StatsTable> read_stats(SQLite::Database& database, const DayZone& zone,
                              const StatsQuery& query);
std::int64_t count_active(SQLite::Database& database, const DayZone& zone, Dimension dimension,
                          std::int64_t from_ms, std::int64_t to_ms);

}  // namespace ccproxy::analytics
