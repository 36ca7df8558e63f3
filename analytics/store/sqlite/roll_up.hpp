// The figures by day and hour: summed in memory for a batch, then added to the tables with one
// upsert a group.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "analytics/store/sqlite/open_hour.hpp"
#include "analytics/store/sqlite/usage_groups.hpp"
#include "analytics/store/sqlite/weeks.hpp"
#include "analytics/time/day_zone.hpp"
#include "proto/event.hpp"

namespace ccproxy::analytics {

/// What the roll-ups of a request are about.
Labels labels_of(const Event& event);

/// Where roll-ups are written to: prepared statements and the groups. On the writing connection.
struct RollUpTables {
    explicit RollUpTables(const SQLite::Database& database)
        : groups(database),
          daily(database, daily_table, FiguresWriter::Mode::add),
          hourly(database, hourly_table, FiguresWriter::Mode::add),
          open_hour(database),
          open_week(database, open_week_sql) {}

    UsageGroups groups;
    FiguresWriter daily, hourly;
    OpenHour open_hour;
    RawStatement open_week;
};

class RollUp {
  public:
    /// `zone` must outlive it.
    explicit RollUp(const DayZone& zone) : zone_(zone) {}

    void add(const Event& event, const std::optional<std::int64_t>& cost_nano_usd);
    /// How many different hours and groups there are.
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    /// Adds the sums to the tables, within the caller's transaction: to hours and, but for the open
    /// one, to days.
    void write(RollUpTables& tables) const;
    void clear();

  private:
    /// What one full group did in one hour. All else is a sum of these.
    struct Entry {
        std::int64_t hour_at = 0, day = 0;
        Labels labels;
        Figures figures;
    };

    const DayZone& zone_;
    LocalHour hour_;  ///< Of the request that came last; the next one is likely of the same.
    std::string key_;
    std::unordered_map<std::string, std::size_t> places_;  ///< In entries_, by hour and labels.
    std::vector<Entry> entries_;
};

}  // namespace ccproxy::analytics
