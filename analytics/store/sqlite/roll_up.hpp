// The daily figures: summed in memory for a batch, then added to usage_stats_daily with one upsert
// a group.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "analytics/time/day_zone.hpp"
#include "proto/event.hpp"

namespace ccproxy::analytics {

class RollUp {
  public:
    /// `zone` must outlive it.
    explicit RollUp(const DayZone& zone) : zone_(zone) {}

    void add(const Event& event, const std::optional<std::int64_t>& cost_nano_usd);
    /// Adds the sums to the table, within the caller's transaction. `upsert` is a statement of
    /// upsert_sql.
    void write(SQLite::Statement& upsert) const;

    static const char* const upsert_sql;

  private:
    /// stat_date, token_id, account_id, mode, model.
    using Group = std::tuple<std::string, std::string, std::string, std::string, std::string>;
    struct Sums {
        std::int64_t requests = 0, successes = 0;
        std::int64_t prompt_tokens = 0, completion_tokens = 0;
        std::int64_t cache_5m_tokens = 0, cache_1h_tokens = 0, cache_read_tokens = 0;
        std::int64_t usage_count = 0;
        std::int64_t cost_nano_usd = 0, cost_count = 0;
        std::int64_t duration_ms = 0;
        std::int64_t ttft_ms = 0, ttft_count = 0;
    };

    const DayZone& zone_;
    std::map<Group, Sums> groups_;
};

/// Computes the whole table anew from request_logs, within the caller's transaction. Throws
/// std::runtime_error, and changes nothing, when logs that the table was made from are gone.
void rebuild_roll_up(SQLite::Database& database, const DayZone& zone);

}  // namespace ccproxy::analytics
