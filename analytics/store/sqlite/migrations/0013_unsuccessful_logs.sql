-- What did not succeed is rare and often looked for together with something else: without an index of its own a page of
-- such a list walks over all logs of many hours. It has few entries to keep.
CREATE INDEX request_logs_unsuccessful ON request_logs (request_at) WHERE success = 0;
