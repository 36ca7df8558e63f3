// How many logs fit a filter, without looking at them all.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>

#include "analytics/store/log_walk.hpp"
#include "analytics/time/day_zone.hpp"

namespace ccproxy::analytics {

struct LogTotal {
    std::int64_t count = 0;
    bool is_exact = true;  ///< Else there are at least so many.
};

/// From the counter of all logs or from roll-ups where they tell; else by looking at a bounded
/// number of logs. Within the caller's snapshot.
LogTotal count_logs(const SQLite::Database& database, const DayZone& zone, const LogFilter& filter);

}  // namespace ccproxy::analytics
