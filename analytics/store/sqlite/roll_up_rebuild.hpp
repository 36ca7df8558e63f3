// Makes the roll-ups anew when the database is opened: for another time zone, and from the table
// that older versions kept.
#pragma once

#include <SQLiteCpp/Database.h>

#include "analytics/time/day_zone.hpp"

namespace ccproxy::analytics {

/// Computes all roll-ups from request_logs, within the caller's transaction. Throws
/// std::runtime_error, and changes nothing, when logs that they were made from are gone.
void rebuild_roll_ups(SQLite::Database& database, const DayZone& zone);

/// Ends migration 5, within the caller's transaction: moves what usage_stats_daily held before it
/// into the new tables, and drops it. `zone` is the one that its days are of. Days whose logs are
/// all there are computed from them; others keep their sums, without hours and percentiles, and
/// count as purged. Does nothing when the old table is gone.
void move_old_roll_ups(SQLite::Database& database, const DayZone& zone);

}  // namespace ccproxy::analytics
