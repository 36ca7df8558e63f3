-- The first schema. Times are Unix milliseconds UTC. Tables are STRICT, so that a value of a wrong type is an error
-- and not a surprise.

CREATE TABLE schema_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;

-- database_id, registry_version, stats_timezone.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- request_logs: the number of its rows, kept by every transaction that adds or deletes some, since COUNT(*) reads
-- a whole index.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('request_logs', 0);

-- Token counts are NULL when nothing is known of the usage: never an invented 0.
CREATE TABLE request_logs (
    id TEXT PRIMARY KEY NOT NULL,
    token_id TEXT NOT NULL,
    account_id TEXT,
    user_name TEXT,
    mode TEXT,
    model TEXT,
    stream INTEGER NOT NULL CHECK (stream IN (0, 1)),
    request_at INTEGER NOT NULL CHECK (request_at >= 0),
    response_at INTEGER NOT NULL CHECK (response_at >= 0),
    duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
    ttft_ms INTEGER CHECK (ttft_ms >= 0),
    prompt_tokens INTEGER CHECK (prompt_tokens >= 0),
    completion_tokens INTEGER CHECK (completion_tokens >= 0),
    total_tokens INTEGER CHECK (total_tokens = prompt_tokens + completion_tokens),
    status_code INTEGER NOT NULL,
    success INTEGER NOT NULL CHECK (success IN (0, 1)),
    error_message TEXT,
    conversation_id TEXT,
    proxy_id TEXT NOT NULL,
    cache_creation_5m_tokens INTEGER CHECK (cache_creation_5m_tokens >= 0),
    cache_creation_1h_tokens INTEGER CHECK (cache_creation_1h_tokens >= 0),
    cache_read_tokens INTEGER CHECK (cache_read_tokens >= 0),
    usage_source TEXT NOT NULL CHECK (usage_source IN ('final', 'partial', 'estimated', 'none')),
    stop_reason TEXT,
    upstream_request_id TEXT,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    cost_nano_usd INTEGER CHECK (cost_nano_usd >= 0),
    agent_id TEXT,
    CHECK ((usage_source = 'none') = (prompt_tokens IS NULL))
) STRICT;

-- Each index costs a good part of the insert rate, so there are three. Lists go by time; a token and a conversation
-- are narrow enough to be worth one. An account, a model, a user or a status is found while walking by time; the
-- figures of accounts and models come from usage_stats_daily.
CREATE INDEX request_logs_by_time ON request_logs (request_at);
CREATE INDEX request_logs_by_token ON request_logs (token_id, request_at);
CREATE INDEX request_logs_by_conversation ON request_logs (conversation_id, request_at)
    WHERE conversation_id IS NOT NULL;

CREATE TABLE conversation_contents (
    id TEXT PRIMARY KEY NOT NULL,
    request_log_id TEXT NOT NULL UNIQUE REFERENCES request_logs (id) ON DELETE CASCADE,
    token_id TEXT NOT NULL,
    system_prompt TEXT,
    messages_json TEXT,
    prompt TEXT,
    completion TEXT,
    created_at INTEGER NOT NULL,
    is_compressed INTEGER NOT NULL DEFAULT 0 CHECK (is_compressed IN (0, 1))
) STRICT;

-- Sums and counts, never averages. '' stands for what is NULL in request_logs. The day is one of stats_timezone.
CREATE TABLE usage_stats_daily (
    stat_date TEXT NOT NULL,
    token_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    model TEXT NOT NULL,
    request_count INTEGER NOT NULL,
    success_count INTEGER NOT NULL,
    error_count INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    total_tokens INTEGER NOT NULL,
    cache_creation_5m_tokens INTEGER NOT NULL,
    cache_creation_1h_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    usage_count INTEGER NOT NULL,  -- Requests whose token counts are known.
    cost_nano_usd INTEGER NOT NULL,
    cost_count INTEGER NOT NULL,  -- Requests whose cost is known.
    duration_sum_ms INTEGER NOT NULL,
    duration_count INTEGER NOT NULL,
    ttft_sum_ms INTEGER NOT NULL,
    ttft_count INTEGER NOT NULL,
    PRIMARY KEY (stat_date, token_id, account_id, mode, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    id TEXT PRIMARY KEY NOT NULL,
    key_sha256 BLOB NOT NULL UNIQUE CHECK (length(key_sha256) = 32),
    name TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('api', 'web', 'both')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    conversation_logging INTEGER NOT NULL DEFAULT 0 CHECK (conversation_logging IN (0, 1)),
    last_used_at INTEGER,
    total_requests INTEGER NOT NULL DEFAULT 0,
    total_tokens INTEGER NOT NULL DEFAULT 0
) STRICT;

-- received and quarantined count events, ever. All events up to watermark are in this database.
CREATE TABLE proxies (
    proxy_id TEXT PRIMARY KEY NOT NULL,
    watermark INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    received INTEGER NOT NULL,
    quarantined INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Events that could not be stored, as they came, up to a size.
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    proxy_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    payload BLOB NOT NULL,
    UNIQUE (proxy_id, seq)
) STRICT;
