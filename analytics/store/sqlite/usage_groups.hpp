// The dictionary of groups: small numbers for what roll-ups are about.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analytics/store/sqlite/raw_statement.hpp"
#include "analytics/store/sqlite/roll_up_table.hpp"

namespace ccproxy::analytics {

/// For each kind the group that a request belongs to.
using GroupIds = std::array<std::int64_t, kind_count>;

/// Finds groups and adds those that are new, on the writing connection. Remembers what it found, up
/// to a bound; what was found in a transaction that is not committed is forgotten again.
class UsageGroups {
  public:
    explicit UsageGroups(const SQLite::Database& database);

    /// The life of a transaction: begin() at its start, committed() after its end; without the
    /// second, the next begin() knows that it was rolled back.
    void begin();
    void committed() { fresh_.clear(); }

    const GroupIds& ids_of(const Labels& labels);
    /// Without remembering.
    std::int64_t id_of(int kind, const Labels& labels);

    /// Texts hold no NUL, so that this is unique.
    static void append_key(const Labels& labels, std::string& key);

  private:
    RawStatement select_, insert_;
    std::unordered_map<std::string, GroupIds> known_;
    std::vector<std::string> fresh_;  ///< Keys of known_ that came in this transaction.
    std::string key_;
};

}  // namespace ccproxy::analytics
