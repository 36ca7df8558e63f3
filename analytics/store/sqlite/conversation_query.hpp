// Conversations as they are read: pages of them, and one in full.
#pragma once

#include <SQLiteCpp/Database.h>

#include <optional>
#include <string>

#include "analytics/store/conversations.hpp"

namespace ccproxy::analytics {

/// See ConversationReader. The rows and their total are of one instant.
Result<ConversationPage> read_conversation_page(SQLite::Database& database,
                                                const ConversationFilter& filter,
                                                const ConversationPageRequest& page);

std::optional<ConversationDetail> read_conversation(SQLite::Database& database,
                                                    const std::string& id);

/// The columns of `conversations` that read_summary() expects, from the first on.
extern const char* const conversation_summary_columns;

ConversationSummary read_conversation_summary(SQLite::Statement& row);

}  // namespace ccproxy::analytics
