// All conversations that fit a filter, however many, read one at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "analytics/store/conversations.hpp"

namespace ccproxy::analytics {

/// Where a walk stands; made by begin_conversation_walk().
struct ConversationWalk {
    ConversationFilter filter;
    std::int64_t last_number = 0;                ///< Higher ones came after the walk began.
    std::int64_t created_at_ms = 0, number = 0;  ///< Of the last one that was looked at.
    bool at_end = false;
};

/// Part of StoreReader.
class ConversationWalkReader {
  public:
    virtual ~ConversationWalkReader() = default;

    virtual ConversationWalk begin_conversation_walk(const ConversationFilter& filter) = 0;
    /// The next one that fits, the oldest first, in full; nothing when the walk is at its end, or
    /// when none was found among some hundred that were looked at: then it is to be asked again.
    /// Each conversation that was stored when the walk began comes once, unless it is deleted
    /// before its turn. Any reader may take the next step.
    virtual std::optional<ConversationDetail> next_conversation(ConversationWalk& walk) = 0;
};

}  // namespace ccproxy::analytics
