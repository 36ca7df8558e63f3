// Reads the rows of roll-ups that a question is about: the smallest kind, whole days from the daily
// table and what is left of a range from the hourly one.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analytics/store/sqlite/roll_up_table.hpp"
#include "analytics/store/stats.hpp"

namespace ccproxy::analytics {

/// A part of a range in one of the tables: days [from, to), or hours that begin in [from, to).
struct Segment {
    bool hourly = false;
    std::int64_t from = 0, to = 0;
    std::int64_t day = 0;  ///< Of all the hours, when they are a part of one day.
};

/// The whole range, in order. With `hours` all of it comes from the hourly table.
std::vector<Segment> segments_of(const DayZone& zone, std::int64_t from_ms, std::int64_t to_ms,
                                 bool hours);

/// The groups of a kind that fit a filter, when there is a filter and they are few: then their rows
/// are looked up one by one. Nothing when the rows of all groups are to be read.
std::optional<std::vector<std::int64_t>> few_groups(
    const SQLite::Database& database, int kind,
    const ByDimension<std::optional<std::string>>& filter);

/// Gives each row as `take(row, group_id, period)`, with `columns` from column 2 on.
class RollUpScan {
  public:
    using Take =
        std::function<void(const RawStatement& row, std::int64_t group_id, std::int64_t period)>;

    /// All must outlive it.
    RollUpScan(const SQLite::Database& database, const DayZone& zone, int kind)
        : database_(database), zone_(zone), kind_(kind) {}

    void read(const Segment& segment, const std::string& columns,
              const std::optional<std::vector<std::int64_t>>& groups, const Take& take) const;

  private:
    void look_up(const Segment& segment, const std::string& columns,
                 const std::vector<std::int64_t>& groups, const Take& take) const;
    /// The beginnings of the segment's periods from the first to the last that has a row.
    [[nodiscard]] std::vector<std::int64_t> periods(const Segment& segment) const;

    const SQLite::Database& database_;
    const DayZone& zone_;
    const int kind_;
};

}  // namespace ccproxy::analytics
