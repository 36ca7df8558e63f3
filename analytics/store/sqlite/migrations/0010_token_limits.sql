-- What a token may do; NULL is no limit.
ALTER TABLE tokens ADD COLUMN requests_per_minute INTEGER CHECK (requests_per_minute > 0);
ALTER TABLE tokens ADD COLUMN max_concurrent_requests INTEGER CHECK (max_concurrent_requests > 0);
ALTER TABLE tokens ADD COLUMN tokens_per_day INTEGER CHECK (tokens_per_day > 0);

-- Asked for every second.
CREATE INDEX tokens_with_daily_limit ON tokens (id) WHERE tokens_per_day IS NOT NULL;
