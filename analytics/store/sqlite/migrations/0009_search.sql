-- Full text search over conversations (sqlite/search_index.hpp). The index holds no texts of its own: when a
-- conversation goes, it asks this view for what it had indexed, so a column here must never change for a row.

-- `token` is one word that no text holds: a private character and the token's id in hexadecimal. search_text() gives
-- NULL for a body that cannot be read, so that one damaged message stops neither ingest nor deletion.
CREATE VIEW search_texts AS
SELECT number AS rowid, search_text(prompt) AS prompt, search_text(completion) AS completion,
    char(0xE000) || hex(token_id) AS token
FROM conversations;

-- Beginnings of two characters are indexed, since FTS5 would otherwise gather a good part of the index for them at every
-- search; longer ones find fewer words. Indexing those of three too would make the index larger by half.
CREATE VIRTUAL TABLE conversation_search USING fts5 (
    prompt, completion, token,
    content = 'search_texts', content_rowid = 'rowid', tokenize = 'ccproxy', prefix = '2'
);

-- The number of the last conversation that is in the index; analyticsd adds those behind it.
-- search_removed: the conversations that left it since it was last compacted. search_compacting: 1 while that goes on.
INSERT INTO counters (name, value) VALUES ('search_indexed', 0), ('search_removed', 0), ('search_compacting', 0);

CREATE TRIGGER conversations_leave_search BEFORE DELETE ON conversations
WHEN OLD.number <= (SELECT value FROM counters WHERE name = 'search_indexed')
BEGIN
    INSERT INTO conversation_search (conversation_search, rowid, prompt, completion, token)
    SELECT 'delete', rowid, prompt, completion, token FROM search_texts WHERE rowid = OLD.number;
    UPDATE counters SET value = value + 1 WHERE name = 'search_removed';
END;
