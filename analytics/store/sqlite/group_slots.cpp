#include "analytics/store/sqlite/group_slots.hpp"

#include <algorithm>

#include "analytics/store/sqlite/usage_groups.hpp"

namespace ccproxy::analytics {

GroupSlots::GroupSlots(StatementCache& statements, const StatsQuery& query)
    : query_(query),
      select_(statements,
              "SELECT token_id, user_name, account_id, mode, model FROM usage_groups "
              "WHERE id = ?") {}

std::size_t GroupSlots::of(std::int64_t group_id) {
    const auto [known, is_new] = slot_of_group_.try_emplace(group_id, unfit);
    if (is_new) known->second = find(group_id);
    return known->second;
}

std::vector<std::int64_t> GroupSlots::groups_in(const std::vector<std::size_t>& slots) const {
    std::vector<bool> wanted(labels_.size());
    for (const std::size_t slot : slots) wanted[slot] = true;
    std::vector<std::int64_t> groups;
    for (const auto& [group, slot] : slot_of_group_) {
        if (slot != unfit && wanted[slot]) groups.push_back(group);
    }
    std::sort(groups.begin(), groups.end());
    return groups;
}

std::size_t GroupSlots::find(std::int64_t group_id) {
    Labels labels;
    select_.bind(1, group_id);
    bool fits = select_.step();
    for (std::size_t i = 0; i < dimension_count && fits; ++i) {
        const auto dimension = static_cast<Dimension>(i);
        const std::string_view label = select_.bytes(static_cast<int>(i));
        if (query_.filter[dimension] && *query_.filter[dimension] != label) fits = false;
        if (query_.by[dimension]) labels[dimension] = label;
    }
    select_.reset();
    if (!fits) return unfit;
    std::string key;
    UsageGroups::append_key(labels, key);
    const auto [slot, is_new] = slot_of_labels_.try_emplace(key, labels_.size());
    if (is_new) labels_.push_back(std::move(labels));
    return slot->second;
}

}  // namespace ccproxy::analytics
