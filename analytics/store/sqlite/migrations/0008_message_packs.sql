-- Bodies of messages that are old lie together in packs, compressed as one: messages of a session resemble each other,
-- so that a pack takes less than half of what they take alone.

-- Written once. A pack that lost a message is replaced by another one without it.
CREATE TABLE message_packs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bytes INTEGER NOT NULL,  -- Of what the messages hold together.
    encoding INTEGER NOT NULL,  -- What body is: see pack_codec.hpp.
    body BLOB NOT NULL
) STRICT;

-- The bodies of all other messages. Apart from these, since a row that shrinks where it stands gives no space back.
CREATE TABLE message_bodies (
    message INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    encoding INTEGER NOT NULL,  -- What body is: see message_codec.hpp.
    body BLOB NOT NULL
) STRICT;
INSERT INTO message_bodies SELECT id, encoding, body FROM messages;
ALTER TABLE messages DROP COLUMN encoding;
ALTER TABLE messages DROP COLUMN body;

ALTER TABLE messages ADD COLUMN pack INTEGER REFERENCES message_packs (id);
-- Where in the pack's content the message begins.
ALTER TABLE messages ADD COLUMN place INTEGER CHECK ((place IS NULL) = (pack IS NULL));
CREATE INDEX messages_by_pack ON messages (pack) WHERE pack IS NOT NULL;

-- Packs that lost a message.
CREATE TABLE pack_garbage (pack INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER messages_leave_packs AFTER DELETE ON messages WHEN OLD.pack IS NOT NULL BEGIN
    INSERT OR IGNORE INTO pack_garbage VALUES (OLD.pack);
END;

CREATE INDEX conversations_to_compress ON conversations (created_at) WHERE is_compressed = 0;
