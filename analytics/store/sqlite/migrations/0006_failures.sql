-- What went wrong is looked for by its status, and is rare: without an index a list of it would walk over all logs, and
-- this one has few entries to keep.
CREATE INDEX request_logs_by_failure ON request_logs (status_code, request_at) WHERE status_code <> 200;
