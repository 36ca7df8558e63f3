-- Roll-ups by day and by hour, from which every statistic is read. Sums, counts and histograms, never averages.
-- Both are written in the transaction that writes the rows of request_logs. Days are kept for ever.

-- What a roll-up is about. The kind says which dimensions it keeps, so that a question reads the fewest rows that can
-- answer it; '' stands for what is NULL in request_logs, and for what the kind does not keep.
--   0: token, user, account, mode, model    1: token, user    2: account, mode    3: mode, model
CREATE TABLE usage_groups (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),
    token_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    account_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    model TEXT NOT NULL,
    UNIQUE (kind, token_id, user_name, account_id, mode, model)
) STRICT;

-- The period comes before the group, so that what is written now lies together; a histogram is encoded as
-- analytics/stats/histogram.hpp tells. Errors are request_count - success_count, all tokens prompt + completion, and
-- every request has a duration.

-- day: days since 1970-01-01 in stats_timezone.
CREATE TABLE usage_daily (
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),
    day INTEGER NOT NULL,
    group_id INTEGER NOT NULL,
    request_count INTEGER NOT NULL,
    success_count INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cache_creation_5m_tokens INTEGER NOT NULL,
    cache_creation_1h_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    usage_count INTEGER NOT NULL,  -- Requests whose token counts are known.
    cost_nano_usd INTEGER NOT NULL,
    cost_count INTEGER NOT NULL,  -- Requests whose cost is known.
    duration_sum_ms INTEGER NOT NULL,
    ttft_sum_ms INTEGER NOT NULL,
    ttft_count INTEGER NOT NULL,
    duration_histogram BLOB NOT NULL,
    ttft_histogram BLOB NOT NULL,
    PRIMARY KEY (kind, day, group_id)
) STRICT, WITHOUT ROWID;

-- hour_at: the moment at which an hour of stats_timezone begins, in Unix milliseconds.
CREATE TABLE usage_hourly (
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),
    hour_at INTEGER NOT NULL,
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
    PRIMARY KEY (kind, hour_at, group_id)
) STRICT, WITHOUT ROWID;

-- What the table of this name held stays until the program has moved it into the new ones, which it does before it
-- opens the database for anything else.
ALTER TABLE usage_stats_daily RENAME TO usage_stats_daily_before;

-- For people and scripts that read the file: one row for each day and full group.
CREATE VIEW usage_stats_daily AS
SELECT date(day * 86400, 'unixepoch') AS stat_date, token_id, account_id, mode, model,
    request_count, success_count, request_count - success_count AS error_count,
    prompt_tokens, completion_tokens, prompt_tokens + completion_tokens AS total_tokens,
    cache_creation_5m_tokens, cache_creation_1h_tokens, cache_read_tokens, usage_count,
    cost_nano_usd, cost_count, duration_sum_ms, request_count AS duration_count,
    ttft_sum_ms, ttft_count, user_name
FROM usage_daily JOIN usage_groups ON usage_groups.id = usage_daily.group_id
WHERE usage_daily.kind = 0;
