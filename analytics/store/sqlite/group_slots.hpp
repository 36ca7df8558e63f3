// Groups of the roll-ups as a question sees them: which ones fit, and which are one and the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

#include "analytics/store/sqlite/raw_statement.hpp"
#include "analytics/store/stats.hpp"

namespace ccproxy::analytics {

/// Gives groups their slots: one for all that have the same labels in what the question splits by.
class GroupSlots {
  public:
    /// Of a group that does not fit the filter, or does not exist.
    static constexpr std::size_t unfit = std::numeric_limits<std::size_t>::max();

    /// Both must outlive it.
    GroupSlots(StatementCache& statements, const StatsQuery& query);

    std::size_t of(std::int64_t group_id);
    [[nodiscard]] const Labels& labels(std::size_t slot) const { return labels_[slot]; }
    /// Of the groups that were asked for, those in these slots, ascending.
    [[nodiscard]] std::vector<std::int64_t> groups_in(const std::vector<std::size_t>& slots) const;

  private:
    std::size_t find(std::int64_t group_id);

    const StatsQuery& query_;
    RawStatement select_;
    std::unordered_map<std::int64_t, std::size_t> slot_of_group_;
    std::unordered_map<std::string, std::size_t> slot_of_labels_;
    std::vector<Labels> labels_;
};

}  // namespace ccproxy::analytics
