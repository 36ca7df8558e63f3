#include "analytics/store/sqlite/daily_usage.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

namespace ccproxy::analytics {
namespace {

/// Kind 1 has a group for each token and the name that it had. The day is that of its table and of
/// the open hour.
constexpr const char* select_tokens =
    "WITH limited AS (SELECT tokens.id, usage_groups.id AS group_id FROM tokens "
    "JOIN usage_groups ON usage_groups.kind = 1 AND usage_groups.token_id = tokens.id "
    "WHERE tokens.tokens_per_day IS NOT NULL) "
    "SELECT id, SUM(used) AS sum FROM ("
    "SELECT id, prompt_tokens + completion_tokens AS used FROM limited "
    "CROSS JOIN usage_daily USING (group_id) WHERE kind = 1 AND day = ?1 UNION ALL "
    "SELECT id, prompt_tokens + completion_tokens FROM usage_open_hours CROSS JOIN limited "
    "CROSS JOIN usage_hourly USING (hour_at, group_id) WHERE kind = 1 AND day = ?1) "
    "GROUP BY id HAVING sum > 0";

}  // namespace

DayOfTokens read_day_of_tokens(SQLite::Database& database, const DayZone& zone,
                               std::int64_t unix_ms) {
    SQLite::Transaction transaction(database);
    const std::int64_t day = zone.day_number(unix_ms);
    DayOfTokens result;
    result.ends_at_ms = zone.start_of(day + 1);
    SQLite::Statement token(database, select_tokens);
    token.bind(1, day);
    while (token.executeStep()) {
        result.tokens.push_back({token.getColumn(0).getString(), token.getColumn(1).getInt64()});
    }
    if (result.tokens.empty()) return result;
    SQLite::Statement proxy(database, "SELECT proxy_id, watermark FROM proxies");
    while (proxy.executeStep()) {
        result.watermarks[proxy.getColumn(0).getString()] =
            static_cast<std::uint64_t>(proxy.getColumn(1).getInt64());
    }
    return result;
}

}  // namespace ccproxy::analytics
