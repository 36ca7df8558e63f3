#include "analytics/store/sqlite/log_figures.hpp"

#include "analytics/store/sqlite/raw_statement.hpp"

namespace ccproxy::analytics {

void each_log(
    const SQLite::Database& database, std::int64_t from_ms, std::int64_t to_ms,
    const std::function<void(const Event&, const std::optional<std::int64_t>& cost)>& take) {
    RawStatement row(database,
                     "SELECT token_id, user_name, account_id, mode, model, request_at, success, "
                     "usage_source, prompt_tokens, completion_tokens, cache_creation_5m_tokens, "
                     "cache_creation_1h_tokens, cache_read_tokens, duration_ms, ttft_ms, "
                     "cost_nano_usd FROM request_logs WHERE request_at >= ? AND request_at < ? "
                     "ORDER BY request_at");
    row.bind(1, from_ms);
    row.bind(2, to_ms);
    Event event;
    const auto optional_integer = [&](int column) {
        return row.is_null(column) ? std::nullopt : std::optional(row.integer(column));
    };
    while (row.step()) {
        event.token_id = row.bytes(0);
        event.user_name = row.bytes(1);
        event.account_id = row.bytes(2);
        event.mode = row.bytes(3);
        event.model = row.bytes(4);
        event.request_at_ms = row.integer(5);
        event.success = row.integer(6) != 0;
        event.usage_source = parse_usage_source(row.bytes(7)).value_or(UsageSource::none);
        event.usage.output_tokens = row.integer(9);
        event.usage.cache_creation_5m_tokens = row.integer(10);
        event.usage.cache_creation_1h_tokens = row.integer(11);
        event.usage.cache_read_tokens = row.integer(12);
        // Of all input that which was not cached.
        event.usage.input_tokens = 0;
        event.usage.input_tokens = row.integer(8) - event.usage.prompt_tokens();
        event.duration_ms = row.integer(13);
        event.ttft_ms = optional_integer(14);
        take(event, optional_integer(15));
    }
}

}  // namespace ccproxy::analytics
