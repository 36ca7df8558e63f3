// The hour that it is now, which the daily figures do not hold yet.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>

#include "analytics/store/sqlite/raw_statement.hpp"
#include "analytics/time/day_zone.hpp"

namespace ccproxy::analytics {

/// Rows of a day are many and wide, so that most pages that a small batch would write are theirs.
/// So what comes in the present hour is counted in the hourly table alone, and readers add it to
/// the days (see roll_up_scan.hpp); once the hour is over it goes into its day with one write a
/// group. What comes for other hours goes into both tables at once.
///
/// On the writing connection, within the caller's transaction. Remembers nothing, so that a
/// transaction may be rolled back.
class OpenHour {
  public:
    explicit OpenHour(const SQLite::Database& database);

    /// `now` becomes the open hour, unless something was counted in it as in any other hour. What
    /// was open until now is closed, and that opens its week (see weeks.hpp).
    void follow(const LocalHour& now);
    [[nodiscard]] bool is_open(std::int64_t hour_at_ms);

  private:
    bool has_rows(std::int64_t hour_at_ms);
    void close_all();

    RawStatement is_open_, has_rows_, first_, add_to_day_, close_, open_, open_week_;
};

}  // namespace ccproxy::analytics
