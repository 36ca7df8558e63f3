-- Conversations. A client sends its whole history again with every request, so a message is stored once, and a
-- conversation points at lists that share their beginnings: a turn of a session adds the messages that are new.

-- Nothing was ever written to it. A view of this name follows below.
DROP TABLE conversation_contents;

-- In canonical form (analytics/conversations/canonical.hpp). Blocks of system prompts are messages too. Ids are never
-- given twice.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 16),  -- The beginning of the SHA-256 of the canonical form.
    created_at INTEGER NOT NULL,  -- Of the first request that held it.
    bytes INTEGER NOT NULL,  -- Of the canonical form.
    encoding INTEGER NOT NULL,  -- What body is: see message_codec.hpp.
    body BLOB NOT NULL
) STRICT;

-- A list is another list, its parent, and one message more.
CREATE TABLE message_lists (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 16),  -- Of the parent's digest and the message's hash.
    parent INTEGER REFERENCES message_lists (id),  -- NULL: the message is alone.
    message INTEGER NOT NULL REFERENCES messages (id)
) STRICT;
CREATE INDEX message_lists_by_parent ON message_lists (parent) WHERE parent IS NOT NULL;
CREATE INDEX message_lists_by_message ON message_lists (message);

-- What a list of conversations shows stands in the row. Request logs have a retention of their own, so that either may
-- outlive the other.
CREATE TABLE conversations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- Never changes, is never given twice.
    id TEXT NOT NULL UNIQUE,  -- The id of the request, and so of its log.
    token_id TEXT NOT NULL,
    created_at INTEGER NOT NULL CHECK (created_at >= 0),  -- When the request came.
    conversation_id TEXT,  -- The client's session.
    agent_id TEXT,
    user_name TEXT,
    model TEXT,
    message_count INTEGER NOT NULL,  -- Without the answer.
    content_bytes INTEGER NOT NULL,  -- In canonical form, as if nothing were shared.
    prompt_preview TEXT,  -- The beginning of the prompt.
    truncated INTEGER NOT NULL CHECK (truncated IN (0, 1)),
    is_compressed INTEGER NOT NULL DEFAULT 0 CHECK (is_compressed IN (0, 1)),
    system INTEGER REFERENCES message_lists (id),
    messages INTEGER REFERENCES message_lists (id),
    completion INTEGER REFERENCES messages (id),  -- NULL: nothing of the answer had arrived.
    -- The last message of the user. It is one of the list, which keeps it: no foreign key, since that would need an
    -- index.
    prompt INTEGER
) STRICT;
CREATE INDEX conversations_by_time ON conversations (created_at);
CREATE INDEX conversations_by_token ON conversations (token_id, created_at);
CREATE INDEX conversations_by_session ON conversations (conversation_id, created_at) WHERE conversation_id IS NOT NULL;
-- These three for the foreign keys, and to find out what nothing points at any more.
CREATE INDEX conversations_by_system ON conversations (system) WHERE system IS NOT NULL;
CREATE INDEX conversations_by_messages ON conversations (messages) WHERE messages IS NOT NULL;
CREATE INDEX conversations_by_completion ON conversations (completion) WHERE completion IS NOT NULL;

-- Lists and messages that lost something that pointed at them; what nothing points at is deleted in small steps.
CREATE TABLE conversation_garbage (
    list INTEGER UNIQUE,
    message INTEGER UNIQUE,
    CHECK ((list IS NULL) <> (message IS NULL))
) STRICT;

INSERT INTO counters (name, value) VALUES ('conversations', 0);
CREATE TRIGGER conversations_grow AFTER INSERT ON conversations BEGIN
    UPDATE counters SET value = value + 1 WHERE name = 'conversations';
END;
CREATE TRIGGER conversations_shrink AFTER DELETE ON conversations BEGIN
    UPDATE counters SET value = value - 1 WHERE name = 'conversations';
END;

-- The views call functions that analyticsd registers on its connections (sql_functions.hpp), so other programs cannot
-- read them. A text stays the same, byte for byte, as long as its row is there, compressed or not.
CREATE VIEW conversation_texts AS
SELECT number AS rowid, token_id, message_text(prompt) AS prompt, message_text(completion) AS completion
FROM conversations;

CREATE VIEW conversation_contents AS
SELECT id, id AS request_log_id, token_id, list_text(system) AS system_prompt, list_json(messages) AS messages_json,
    message_text(prompt) AS prompt, message_text(completion) AS completion, created_at, is_compressed
FROM conversations;
