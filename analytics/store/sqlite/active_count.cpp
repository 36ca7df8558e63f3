#include "analytics/store/sqlite/active_count.hpp"

#include <SQLiteCpp/Transaction.h>

#include <string>
#include <unordered_set>

#include "analytics/store/sqlite/roll_up_scan.hpp"

namespace ccproxy::analytics {
namespace {

/// Each takes a microsecond.
constexpr int max_looked_up = 5'000;

constexpr const char* select_groups = "SELECT id, token_id, user_name FROM usage_groups WHERE ";

/// Groups of kind 1 that have a row in the days, each looked up: a few steps in a narrow index,
/// however many days there are.
constexpr const char* looked_up =
    "kind = 1 AND EXISTS (SELECT 1 FROM usage_daily INDEXED BY usage_daily_active WHERE kind = 1 "
    "AND group_id = usage_groups.id AND day >= ? AND day < ?)";
/// The same from all the rows of the days, or of hours.
constexpr const char* in_days =
    "id IN (SELECT group_id FROM usage_daily WHERE kind = 1 AND day >= ? AND day < ?)";
constexpr const char* in_hours =
    "id IN (SELECT group_id FROM usage_hourly WHERE kind = 1 AND hour_at >= ? AND hour_at < ?)";

/// Not when there are so many groups, most of them of other times, that rows are sooner read.
bool are_few(StatementCache& statements) {
    RawStatement groups(statements,
                        "SELECT count(*) FROM (SELECT 1 FROM usage_groups WHERE kind = 1 "
                        "LIMIT " +
                            std::to_string(max_looked_up + 1) + ")");
    groups.step();
    return groups.integer(0) <= max_looked_up;
}

}  // namespace

ActiveCount count_active(StatementCache& statements, const DayZone& zone, std::int64_t from_ms,
                         std::int64_t to_ms) {
    const SQLite::Transaction snapshot(statements.database());
    const bool few = are_few(statements);
    std::unordered_set<std::int64_t> groups;
    std::unordered_set<std::string> tokens;
    std::unordered_set<std::string> users;
    for (const Segment& segment :
         segments_of(statements, zone, kind_of_users, from_ms, to_ms, RollUpLevel::day)) {
        const bool hours = segment.level == RollUpLevel::hour;
        const bool long_range = !hours && segment.to - segment.from > 1;
        const char* condition = hours ? in_hours : few && long_range ? looked_up : in_days;
        RawStatement group(statements, std::string(select_groups) + condition);
        group.bind(1, segment.from);
        group.bind(2, segment.to);
        while (group.step()) {
            if (!groups.insert(group.integer(0)).second) continue;
            tokens.emplace(group.bytes(1));
            users.emplace(group.bytes(2));
        }
    }
    tokens.erase("");
    users.erase("");
    return {static_cast<std::int64_t>(tokens.size()), static_cast<std::int64_t>(users.size())};
}

}  // namespace ccproxy::analytics
