#include "analytics/store/sqlite/roll_up.hpp"

#include <SQLiteCpp/Column.h>

#include <stdexcept>

#include "analytics/store/sqlite/log_rows.hpp"

namespace ccproxy::analytics {

const char* const RollUp::upsert_sql =
    "INSERT INTO usage_stats_daily VALUES "
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET "
    "request_count = request_count + excluded.request_count, "
    "success_count = success_count + excluded.success_count, "
    "error_count = error_count + excluded.error_count, "
    "prompt_tokens = prompt_tokens + excluded.prompt_tokens, "
    "completion_tokens = completion_tokens + excluded.completion_tokens, "
    "total_tokens = total_tokens + excluded.total_tokens, "
    "cache_creation_5m_tokens = cache_creation_5m_tokens + excluded.cache_creation_5m_tokens, "
    "cache_creation_1h_tokens = cache_creation_1h_tokens + excluded.cache_creation_1h_tokens, "
    "cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens, "
    "usage_count = usage_count + excluded.usage_count, "
    "cost_nano_usd = cost_nano_usd + excluded.cost_nano_usd, "
    "cost_count = cost_count + excluded.cost_count, "
    "duration_sum_ms = duration_sum_ms + excluded.duration_sum_ms, "
    "duration_count = duration_count + excluded.duration_count, "
    "ttft_sum_ms = ttft_sum_ms + excluded.ttft_sum_ms, "
    "ttft_count = ttft_count + excluded.ttft_count";

void RollUp::add(const Event& event, const std::optional<std::int64_t>& cost_nano_usd) {
    Sums& sums = groups_[Group(zone_.day_of(event.request_at_ms), event.token_id, event.account_id,
                               event.mode, event.model)];
    ++sums.requests;
    if (event.success) ++sums.successes;
    if (event.usage_source != UsageSource::none) {
        ++sums.usage_count;
        sums.prompt_tokens += event.usage.prompt_tokens();
        sums.completion_tokens += event.usage.output_tokens;
        sums.cache_5m_tokens += event.usage.cache_creation_5m_tokens;
        sums.cache_1h_tokens += event.usage.cache_creation_1h_tokens;
        sums.cache_read_tokens += event.usage.cache_read_tokens;
    }
    if (cost_nano_usd) {
        ++sums.cost_count;
        sums.cost_nano_usd += *cost_nano_usd;
    }
    sums.duration_ms += event.duration_ms;
    if (event.ttft_ms) {
        ++sums.ttft_count;
        sums.ttft_ms += *event.ttft_ms;
    }
}

void RollUp::write(SQLite::Statement& upsert) const {
    for (const auto& [group, sums] : groups_) {
        upsert.tryReset();
        int next = 1;
        const auto text = [&](const std::string& value) { upsert.bindNoCopy(next++, value); };
        const auto integer = [&](std::int64_t value) { upsert.bind(next++, value); };
        text(std::get<0>(group));
        text(std::get<1>(group));
        text(std::get<2>(group));
        text(std::get<3>(group));
        text(std::get<4>(group));
        integer(sums.requests);
        integer(sums.successes);
        integer(sums.requests - sums.successes);
        integer(sums.prompt_tokens);
        integer(sums.completion_tokens);
        integer(sums.prompt_tokens + sums.completion_tokens);
        integer(sums.cache_5m_tokens);
        integer(sums.cache_1h_tokens);
        integer(sums.cache_read_tokens);
        integer(sums.usage_count);
        integer(sums.cost_nano_usd);
        integer(sums.cost_count);
        integer(sums.duration_ms);
        integer(sums.requests);
        integer(sums.ttft_ms);
        integer(sums.ttft_count);
        upsert.exec();
    }
    upsert.tryReset();
}

void rebuild_roll_up(SQLite::Database& database, const DayZone& zone) {
    SQLite::Statement counts(database,
                             "SELECT (SELECT IFNULL(SUM(request_count), 0) FROM usage_stats_daily),"
                             " (SELECT COUNT(*) FROM request_logs)");
    counts.executeStep();
    if (counts.getColumn(0).getInt64() > counts.getColumn(1).getInt64()) {
        throw std::runtime_error(
            "stats.timezone cannot become " + zone.name() +
            ": some of the logs that the daily figures would be computed from are gone");
    }
    counts.reset();
    RollUp roll_up(zone);
    SQLite::Statement logs(database, std::string("SELECT ") + log_columns + " FROM request_logs");
    while (logs.executeStep()) {
        const RequestLog log = read_log_row(logs);
        roll_up.add(log.event, log.cost_nano_usd);
    }
    logs.reset();
    database.exec("DELETE FROM usage_stats_daily");
    SQLite::Statement upsert(database, RollUp::upsert_sql);
    roll_up.write(upsert);
}

}  // namespace ccproxy::analytics
