-- What the messages of conversations hold, and what they take on disk, kept by every transaction that adds or removes some.
INSERT INTO counters (name, value) SELECT 'content_bytes', COALESCE(SUM(bytes), 0) FROM messages;
INSERT INTO counters (name, value) SELECT 'content_stored_bytes',
    (SELECT COALESCE(SUM(length(body)), 0) FROM message_bodies)
    + (SELECT COALESCE(SUM(length(body)), 0) FROM message_packs);

CREATE TRIGGER messages_grow AFTER INSERT ON messages BEGIN
    UPDATE counters SET value = value + NEW.bytes WHERE name = 'content_bytes';
END;
-- Not below 0, so that a damaged row can be deleted.
CREATE TRIGGER messages_shrink AFTER DELETE ON messages BEGIN
    UPDATE counters SET value = max(0, value - OLD.bytes) WHERE name = 'content_bytes';
END;
CREATE TRIGGER message_bodies_grow AFTER INSERT ON message_bodies BEGIN
    UPDATE counters SET value = value + length(NEW.body) WHERE name = 'content_stored_bytes';
END;
CREATE TRIGGER message_bodies_shrink AFTER DELETE ON message_bodies BEGIN
    UPDATE counters SET value = value - length(OLD.body) WHERE name = 'content_stored_bytes';
END;
CREATE TRIGGER message_packs_grow AFTER INSERT ON message_packs BEGIN
    UPDATE counters SET value = value + length(NEW.body) WHERE name = 'content_stored_bytes';
END;
CREATE TRIGGER message_packs_shrink AFTER DELETE ON message_packs BEGIN
    UPDATE counters SET value = value - length(OLD.body) WHERE name = 'content_stored_bytes';
END;
