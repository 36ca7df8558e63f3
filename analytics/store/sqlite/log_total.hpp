// How many logs fit a filter, without looking at them all.
#pragma once

#include <cstdint>

#include "analytics/store/log_walk.hpp"
#include "analytics/store/sqlite/log_spans.hpp"
#include "analytics/time/day_zone.hpp"

namespace ccproxy::analytics {

struct LogTotal {
    std::int64_t count = 0;
    bool is_exact = true;  ///< Else there are at least so many.
};

/// From the counter of all logs or from roll-ups where they tell; else by looking at a bounded
/// number of logs. `groups` are those of the filter. Within the caller's snapshot.
LogTotal count_logs(StatementCache& statements, const DayZone& zone, const LogFilter& filter,
                    const LogGroups& groups);

}  // namespace ccproxy::analytics
