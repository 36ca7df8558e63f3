-- Lists of tokens and users read a row for each of them and each day or week, and most of a row is histograms, which they
-- do not want. These hold what they want, in a tenth of the pages.
CREATE INDEX usage_daily_sums ON usage_daily (
    day, group_id, request_count, success_count, prompt_tokens, completion_tokens, cache_creation_5m_tokens,
    cache_creation_1h_tokens, cache_read_tokens, usage_count, cost_nano_usd, cost_count, duration_sum_ms, ttft_sum_ms,
    ttft_count
) WHERE kind = 1;
CREATE INDEX usage_weekly_sums ON usage_weekly (
    week, group_id, request_count, success_count, prompt_tokens, completion_tokens, cache_creation_5m_tokens,
    cache_creation_1h_tokens, cache_read_tokens, usage_count, cost_nano_usd, cost_count, duration_sum_ms, ttft_sum_ms,
    ttft_count
) WHERE kind = 1;
