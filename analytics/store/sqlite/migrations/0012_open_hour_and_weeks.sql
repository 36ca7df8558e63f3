-- Roll-ups of three levels. Each row that is stored is counted in its hour at once; what is coarser is written later, and
-- these two tables tell what it lacks, so that whoever reads both is exact at any moment.

-- The hour that it is now. Its rows in usage_hourly are in no row of usage_daily; once the next hour begins they are
-- added there. An hour that is not here is in its day, whatever still comes for it.
CREATE TABLE usage_open_hours (
    hour_at INTEGER PRIMARY KEY,
    day INTEGER NOT NULL
) STRICT;

-- Sums of seven days, for long ranges; week is the number of the first of them, a multiple of 7. Full groups (kind 0)
-- are hardly fewer by the week than by the day, so they have none.
CREATE TABLE usage_weekly (
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 3),
    week INTEGER NOT NULL,
    group_id INTEGER NOT NULL,
    request_count INTEGER NOT NULL,
    success_count INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cache_creation_5m_tokens INTEGER NOT NULL,
    cache_creation_1h_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    usage_count INTEGER NOT NULL,
    cost_nano_usd INTEGER NOT NULL,
    cost_count INTEGER NOT NULL,
    duration_sum_ms INTEGER NOT NULL,
    ttft_sum_ms INTEGER NOT NULL,
    ttft_count INTEGER NOT NULL,
    duration_histogram BLOB NOT NULL,
    ttft_histogram BLOB NOT NULL,
    PRIMARY KEY (kind, week, group_id)
) STRICT, WITHOUT ROWID;

-- Weeks of which a day was written since they were summed up, if they ever were: what usage_weekly says of them is not
-- to be read. analyticsd sums up those that are past.
CREATE TABLE usage_open_weeks (week INTEGER PRIMARY KEY) STRICT;

INSERT INTO usage_open_weeks SELECT DISTINCT day - (day % 7 + 7) % 7 FROM usage_daily;

-- Who was active in a range of days: one entry a token, user and day, written when the first request of them is.
CREATE INDEX usage_daily_active ON usage_daily (group_id, day) WHERE kind = 1;

-- For people and scripts that read the file: one row for each day and full group.
DROP VIEW usage_stats_daily;
CREATE VIEW usage_stats_daily AS
WITH rows AS (
    SELECT day, group_id, request_count, success_count, prompt_tokens, completion_tokens,
        cache_creation_5m_tokens, cache_creation_1h_tokens, cache_read_tokens, usage_count,
        cost_nano_usd, cost_count, duration_sum_ms, ttft_sum_ms, ttft_count
    FROM usage_daily WHERE kind = 0
    UNION ALL
    SELECT day, group_id, request_count, success_count, prompt_tokens, completion_tokens,
        cache_creation_5m_tokens, cache_creation_1h_tokens, cache_read_tokens, usage_count,
        cost_nano_usd, cost_count, duration_sum_ms, ttft_sum_ms, ttft_count
    FROM usage_open_hours JOIN usage_hourly USING (hour_at) WHERE kind = 0
)
SELECT date(day * 86400, 'unixepoch') AS stat_date, token_id, account_id, mode, model,
    sum(request_count) AS request_count, sum(success_count) AS success_count,
    sum(request_count - success_count) AS error_count,
    sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens,
    sum(prompt_tokens + completion_tokens) AS total_tokens,
    sum(cache_creation_5m_tokens) AS cache_creation_5m_tokens,
    sum(cache_creation_1h_tokens) AS cache_creation_1h_tokens,
    sum(cache_read_tokens) AS cache_read_tokens, sum(usage_count) AS usage_count,
    sum(cost_nano_usd) AS cost_nano_usd, sum(cost_count) AS cost_count,
    sum(duration_sum_ms) AS duration_sum_ms, sum(request_count) AS duration_count,
    sum(ttft_sum_ms) AS ttft_sum_ms, sum(ttft_count) AS ttft_count, user_name
FROM rows JOIN usage_groups ON usage_groups.id = rows.group_id
GROUP BY day, group_id;
