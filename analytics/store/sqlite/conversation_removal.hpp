// Deletes conversations, and then the messages and lists that nothing points at any more.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <string>

namespace ccproxy::analytics {

/// See ConversationWriter; one transaction each.
bool delete_conversation(SQLite::Database& database, const std::string& id);
std::int64_t delete_conversations_of_token(SQLite::Database& database, const std::string& token_id,
                                           std::int64_t max_rows);
std::int64_t delete_conversations_before(SQLite::Database& database, std::int64_t before_ms,
                                         std::int64_t max_rows);
std::int64_t collect_conversation_garbage(SQLite::Database& database, std::int64_t max_steps);

}  // namespace ccproxy::analytics
