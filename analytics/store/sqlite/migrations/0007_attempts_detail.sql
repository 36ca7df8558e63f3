-- The tries at upstream accounts behind a request, as proto/attempts.hpp writes them; null when the first one was served.
ALTER TABLE request_logs ADD COLUMN attempts_detail TEXT;
