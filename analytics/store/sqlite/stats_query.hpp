// Answers to questions about figures, from the roll-ups.
#pragma once

#include "analytics/store/sqlite/statement_cache.hpp"
#include "analytics/store/stats.hpp"

namespace ccproxy::analytics {

/// See StatsReader. All of an answer is of one instant.
Result<StatsTable> read_stats(StatementCache& statements, const DayZone& zone,
                              const StatsQuery& query);

}  // namespace ccproxy::analytics
