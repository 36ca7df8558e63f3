// Answers to questions about figures, from the roll-ups.
#pragma once

#include <SQLiteCpp/Database.h>

#include "analytics/store/stats.hpp"

namespace ccproxy::analytics {

/// See StatsReader. All of an answer is of one instant.
Result<StatsTable> read_stats(SQLite::Database& database, const DayZone& zone,
                              const StatsQuery& query);

}  // namespace ccproxy::analytics
