// Reads the rows of roll-ups that a question is about: the smallest kind, whole weeks and days from
// their tables, and what is left of a range, or in no day yet, from the hourly one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analytics/store/sqlite/roll_up_table.hpp"
#include "analytics/store/stats.hpp"

namespace ccproxy::analytics {

/// A part of a range in one of the tables: weeks or days in [from, to), or hours that begin in it.
struct Segment {
    RollUpLevel level = RollUpLevel::hour;
    std::int64_t from = 0, to = 0;
    std::int64_t day = 0;  ///< Of all the hours, when they are a part of one day.
};

/// The whole range, from rows that are no coarser than `coarsest`; each request is in one segment.
/// To be read within the same snapshot.
std::vector<Segment> segments_of(StatementCache& statements, const DayZone& zone, int kind,
                                 std::int64_t from_ms, std::int64_t to_ms, RollUpLevel coarsest);
/// The same of the days [from, to).
std::vector<Segment> segments_of_days(StatementCache& statements, int kind, std::int64_t from,
                                      std::int64_t to, RollUpLevel coarsest);

/// The groups of a kind that fit a filter, when there is a filter and they are few: then their rows
/// are looked up one by one. Nothing when the rows of all groups are to be read.
std::optional<std::vector<std::int64_t>> few_groups(
    StatementCache& statements, int kind, const ByDimension<std::optional<std::string>>& filter);

/// Gives each row as `take(row, group_id, period)`, with `columns` from column 2 on.
class RollUpScan {
  public:
    using Take =
        std::function<void(const RawStatement& row, std::int64_t group_id, std::int64_t period)>;

    /// All must outlive it.
    RollUpScan(StatementCache& statements, const DayZone& zone, int kind)
        : statements_(statements), zone_(zone), kind_(kind) {}

    /// `groups` ascend; nothing means all.
    void read(const Segment& segment, const std::string& columns,
              const std::optional<std::vector<std::int64_t>>& groups, const Take& take) const;

  private:
    /// Whether the groups are so many of those of a period that all its rows are sooner read.
    [[nodiscard]] bool are_most_rows(const Segment& segment,
                                     const std::vector<std::int64_t>& groups) const;
    void look_up(const Segment& segment, const std::string& columns,
                 const std::vector<std::int64_t>& groups, const Take& take) const;
    [[nodiscard]] std::int64_t end_of_period(RollUpLevel level, std::int64_t period) const;
    /// The beginnings of the segment's periods from the first to the last that has a row.
    [[nodiscard]] std::vector<std::int64_t> periods(const Segment& segment) const;

    StatementCache& statements_;
    const DayZone& zone_;
    const int kind_;
};

}  // namespace ccproxy::analytics
