-- The quarantine can be looked at, tried again and emptied. Ids are never given twice, so that an old one does not reach
-- another event. (proxy_id, seq) is no key: a proxy whose journal has lost its end gives the same numbers anew.

CREATE TABLE quarantine_2 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    proxy_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    payload BLOB NOT NULL,  -- As it came, cut at a size.
    bytes INTEGER NOT NULL CHECK (bytes >= length(payload))  -- Its size before it was cut.
) STRICT;
-- What was cut was not marked before, so what is as long as the cut counts as cut.
INSERT INTO quarantine_2
SELECT id, proxy_id, seq, received_at, reason, payload, length(payload) + (length(payload) = 1048576) FROM quarantine;
DROP TABLE quarantine;
ALTER TABLE quarantine_2 RENAME TO quarantine;
CREATE INDEX quarantine_by_seq ON quarantine (proxy_id, seq);
CREATE INDEX quarantine_by_proxy ON quarantine (proxy_id, id);

-- quarantined, quarantined_bytes: what the table holds, for its bounds. quarantine_discarded: how many events were
-- thrown away to keep them, ever.
INSERT INTO counters SELECT 'quarantined', count(*) FROM quarantine;
INSERT INTO counters SELECT 'quarantined_bytes', ifnull(sum(length(payload)), 0) FROM quarantine;
INSERT INTO counters VALUES ('quarantine_discarded', 0);
CREATE TRIGGER quarantine_grows AFTER INSERT ON quarantine BEGIN
    UPDATE counters SET value = value + 1 WHERE name = 'quarantined';
    UPDATE counters SET value = value + length(new.payload) WHERE name = 'quarantined_bytes';
END;
CREATE TRIGGER quarantine_shrinks AFTER DELETE ON quarantine BEGIN
    UPDATE counters SET value = value - 1 WHERE name = 'quarantined';
    UPDATE counters SET value = value - length(old.payload) WHERE name = 'quarantined_bytes';
END;
