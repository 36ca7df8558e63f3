// Conversations as the store keeps them, and what can be done with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/result.hpp"

namespace ccproxy::analytics {

struct ConversationOptions {
    bool enabled = true;  ///< Off: what was said is dropped at ingest, whatever a token's setting.
};

/// One entry of a list: nothing of it needs the content itself. Empty texts are not known.
struct ConversationSummary {
    std::int64_t number = 0;  ///< Never changes; orders those of one millisecond.
    std::string id;           ///< The id of the request, and so of its log.
    std::string token_id, conversation_id, agent_id, user_name, model;
    std::int64_t created_at_ms = 0;  ///< When the request came.
    std::int64_t message_count = 0;  ///< Without the answer.
    /// Of the whole content in canonical form, as if nothing of it were shared.
    std::int64_t content_bytes = 0;
    std::string prompt_preview;
    bool has_completion = false;
    bool truncated = false;  ///< Something was left out.
    bool is_compressed = false;
};

struct ConversationDetail {
    ConversationSummary summary;
    std::optional<std::string> system_prompt;
    std::string messages_json;                   ///< A JSON array of messages in canonical form.
    std::optional<std::string> prompt;           ///< The text of the user's last message.
    std::optional<std::string> completion;       ///< The text of the answer.
    std::optional<std::string> completion_json;  ///< The answer as a message in canonical form.
};

/// Absent members do not filter. Times are half-open: from <= created_at < to.
struct ConversationFilter {
    std::optional<std::string> token_id, conversation_id;
    std::optional<std::int64_t> from_ms, to_ms;
};

/// `cursor` comes from the page before and wins over `page`; it is opaque.
struct ConversationPageRequest {
    std::int64_t page = 0;
    std::int64_t limit = 50;
    std::string cursor;
};

struct ConversationPage {
    std::vector<ConversationSummary> conversations;  ///< The newest first.
    std::int64_t total = 0;                          ///< Over all pages.
    std::string next_cursor;                         ///< Empty on the last page.
};

class ConversationReader {
  public:
    virtual ~ConversationReader() = default;

    /// Fails when the cursor is malformed.
    virtual Result<ConversationPage> conversations(const ConversationFilter& filter,
                                                   const ConversationPageRequest& page) = 0;
    virtual std::optional<ConversationDetail> conversation(const std::string& id) = 0;
};

/// What is deleted is out of every list at once; the messages that it alone held go with
/// collect_conversation_garbage().
class ConversationWriter {
  public:
    virtual ~ConversationWriter() = default;

    /// False when there is no such conversation.
    virtual bool delete_conversation(const std::string& id) = 0;
    /// At most `max_rows`; gives how many, 0 when there are none left.
    virtual std::int64_t delete_conversations_of_token(const std::string& token_id,
                                                       std::int64_t max_rows) = 0;
    /// The oldest that were created before `before_ms`, at most `max_rows`; gives how many, 0 when
    /// there are none left.
    virtual std::int64_t delete_conversations_before(std::int64_t before_ms,
                                                     std::int64_t max_rows) = 0;
    /// Deletes messages and lists that no conversation holds any more, until `max_steps` steps of
    /// about ten microseconds are taken; a large message takes several, and is deleted whole, and
    /// so does what is left of a pack it lay in. Gives the number of steps, 0 when there is nothing
    /// left to do.
    virtual std::int64_t collect_conversation_garbage(std::int64_t max_steps) = 0;
};

}  // namespace ccproxy::analytics
