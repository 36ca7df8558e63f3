// How many different tokens and users made requests, from the roll-ups.
#pragma once

#include <cstdint>

#include "analytics/store/sqlite/statement_cache.hpp"
#include "analytics/store/stats.hpp"

namespace ccproxy::analytics {

/// See StatsReader. All of it is of one instant.
ActiveCount count_active(StatementCache& statements, const DayZone& zone, std::int64_t from_ms,
                         std::int64_t to_ms);

}  // namespace ccproxy::analytics
