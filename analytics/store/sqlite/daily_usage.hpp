// Today's tokens, read from the roll-ups.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>

#include "analytics/store/daily_usage.hpp"
#include "analytics/time/day_zone.hpp"

namespace ccproxy::analytics {

/// See DailyUsageReader.
DayOfTokens read_day_of_tokens(SQLite::Database& database, const DayZone& zone,
                               std::int64_t unix_ms);

}  // namespace ccproxy::analytics
