-- A page of what failed for one account and model reads all failures of its days: from the index alone, so that only
-- those on the page are looked up in the log.
DROP INDEX request_logs_unsuccessful;
CREATE INDEX request_logs_unsuccessful ON request_logs (request_at, account_id, model, mode, user_name)
WHERE success = 0;
