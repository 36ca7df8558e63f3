#include "analytics/store/sqlite/usage_groups.hpp"

namespace ccproxy::analytics {
namespace {

/// Some 300 bytes each. Models are named by clients, so that there may be any number of groups.
constexpr std::size_t max_known = 100'000;

void bind_group(RawStatement& statement, int kind, const Labels& labels) {
    int next = 1;
    statement.bind(next++, kind);
    for (std::size_t i = 0; i < dimension_count; ++i) {
        statement.bind_text(next++, labels[static_cast<Dimension>(i)]);
    }
}

}  // namespace

UsageGroups::UsageGroups(const SQLite::Database& database)
    : select_(database,
              "SELECT id FROM usage_groups WHERE kind = ? AND token_id = ? AND user_name = ? AND "
              "account_id = ? AND mode = ? AND model = ?"),
      insert_(database,
              "INSERT INTO usage_groups (kind, token_id, user_name, account_id, mode, model) "
              "VALUES (?, ?, ?, ?, ?, ?) RETURNING id") {}

void UsageGroups::begin() {
    for (const std::string& key : fresh_) known_.erase(key);
    fresh_.clear();
    if (known_.size() > max_known) known_.clear();
}

const GroupIds& UsageGroups::ids_of(const Labels& labels) {
    key_.clear();
    append_key(labels, key_);
    if (const auto found = known_.find(key_); found != known_.end()) return found->second;
    GroupIds ids{};
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
        const int number = static_cast<int>(kind);
        ids.at(kind) = id_of(number, labels_of_kind(labels, number));
    }
    fresh_.push_back(key_);
    return known_.emplace(key_, ids).first->second;
}

std::int64_t UsageGroups::id_of(int kind, const Labels& labels) {
    std::int64_t id = 0;
    bind_group(select_, kind, labels);
    if (select_.step()) id = select_.integer(0);
    select_.reset();
    if (id != 0) return id;
    bind_group(insert_, kind, labels);
    if (insert_.step()) id = insert_.integer(0);
    insert_.reset();
    return id;
}

void UsageGroups::append_key(const Labels& labels, std::string& key) {
    for (const std::string& label : labels) key.append(label).push_back('\0');
}

}  // namespace ccproxy::analytics
