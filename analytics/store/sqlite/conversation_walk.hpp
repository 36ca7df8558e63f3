// A walk over conversations along one of their indexes.
#pragma once

#include <SQLiteCpp/Database.h>

#include <optional>

#include "analytics/store/conversation_walk.hpp"

namespace ccproxy::analytics {

/// See ConversationWalkReader.
ConversationWalk begin_conversation_walk(SQLite::Database& database,
                                         const ConversationFilter& filter);
std::optional<ConversationDetail> next_conversation(SQLite::Database& database,
                                                    ConversationWalk& walk);

}  // namespace ccproxy::analytics
