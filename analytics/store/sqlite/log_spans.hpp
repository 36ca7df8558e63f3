// Where the logs of a filter are, by the roll-ups: a list with a filter that few logs fit would
// otherwise walk over all of them.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "analytics/store/log_walk.hpp"
#include "analytics/store/sqlite/roll_up_scan.hpp"

namespace ccproxy::analytics {

/// The part of a filter that roll-ups know of.
ByDimension<std::optional<std::string>> dimensions_of(const LogFilter& filter);
/// Whether there is such a part: a dimension, or success.
bool is_in_roll_ups(const LogFilter& filter);

/// Which roll-ups tell of a filter: the smallest kind, and few_groups() of it.
struct LogGroups {
    int kind;
    std::optional<std::vector<std::int64_t>> few;
};
LogGroups groups_of(StatementCache& statements, const LogFilter& filter);

/// [from, to) in Unix milliseconds.
struct TimeSpan {
    std::int64_t from_ms, to_ms;
};

/// Gives the spans that may hold logs of the filter, one after the other in the order of a list.
/// Reads a few days of roll-ups at a time, within the caller's snapshot.
class MatchingSpans {
  public:
    enum class Length {
        hours,  ///< Where they are kept, and else days.
        days,
    };

    /// Between the filter's times; `groups` are those of the filter. All must outlive it.
    MatchingSpans(StatementCache& statements, const DayZone& zone, const LogFilter& filter,
                  const LogGroups& groups, Length length, bool ascending);
    std::optional<TimeSpan> next();

  private:
    void read_days();
    void take_day(std::int64_t day);
    [[nodiscard]] bool fits(const RawStatement& row) const;

    StatementCache& statements_;
    const DayZone& zone_;
    const LogFilter& filter_;
    const Length length_;
    const bool ascending_;
    const LogGroups& groups_;
    const RollUpScan scan_;
    std::int64_t first_day_ = 0, end_day_ = 0;  ///< Those that are still to be read.
    std::deque<std::int64_t> days_;             ///< Read, with a match.
    std::deque<TimeSpan> spans_;                ///< Of the day that was taken last.
};

}  // namespace ccproxy::analytics
