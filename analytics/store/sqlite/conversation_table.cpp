#include "analytics/store/sqlite/conversation_table.hpp"

#include <SQLiteCpp/Column.h>

#include <optional>
#include <utility>
#include <vector>

#include "analytics/conversations/canonical.hpp"
#include "analytics/conversations/text.hpp"

namespace ccproxy::analytics {
namespace {

/// What was said, in canonical form.
struct Content {
    std::vector<std::string> system;  ///< Blocks.
    std::vector<std::string> messages;
    std::string completion;             ///< Empty without one.
    std::optional<std::size_t> prompt;  ///< The place of the user's last message.
    bool damaged = false;               ///< Parts are left out.

    [[nodiscard]] std::int64_t bytes() const {
        std::size_t sum = completion.size();
        for (const std::string& block : system) sum += block.size();
        for (const std::string& message : messages) sum += message.size();
        return static_cast<std::int64_t>(sum);
    }
};

Content canonical(const Conversation& conversation) {
    Content content;
    if (!conversation.system.empty()) {
        auto system = canonical_system(conversation.system);
        content.damaged = !system;
        if (system) content.system = std::move(*system);
    }
    for (const std::string& json : conversation.messages) {
        auto message = canonical_message(json);
        if (!message) {
            content.damaged = true;
            continue;
        }
        if (message->role == "user") content.prompt = content.messages.size();
        content.messages.push_back(std::move(message->text));
    }
    if (!conversation.completion.empty()) {
        auto completion = canonical_message(conversation.completion);
        content.damaged = content.damaged || !completion;
        if (completion) content.completion = std::move(completion->text);
    }
    return content;
}

/// Binds without copying.
void bind_text(SQLite::Statement& statement, int index, const std::string& text) {
    text.empty() ? statement.bind(index) : statement.bindNoCopy(index, text);
}

void bind_id(SQLite::Statement& statement, int index, const std::optional<std::int64_t>& id) {
    id ? statement.bind(index, *id) : statement.bind(index);
}

}  // namespace

ConversationTable::ConversationTable(SQLite::Database& database, ConversationOptions options)
    : options_(options),
      messages_(database),
      beginnings_(database),
      select_setting_(database, "SELECT conversation_logging FROM tokens WHERE id = ?"),
      insert_(database,
              "INSERT INTO conversations (id, token_id, created_at, conversation_id, agent_id, "
              "user_name, model, message_count, content_bytes, prompt_preview, truncated, system, "
              "messages, completion, prompt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
              "ON CONFLICT (id) DO NOTHING") {}

bool ConversationTable::is_wanted(const std::string& token_id) {
    if (!options_.enabled) return false;
    select_setting_.tryReset();
    select_setting_.bindNoCopy(1, token_id);
    const bool wanted = select_setting_.executeStep() && select_setting_.getColumn(0).getInt() != 0;
    select_setting_.tryReset();
    return wanted;
}

ContentOutcome ConversationTable::add(const Event& event) {
    if (!event.conversation) return ContentOutcome::none;
    if (!is_wanted(event.token_id)) return ContentOutcome::not_wanted;
    const Conversation& said = *event.conversation;
    const Content content = canonical(said);
    const std::int64_t now_ms = event.request_at_ms;
    std::optional<ConversationBeginning> found;
    if (said.continues) found = beginnings_.find(*said.continues, event.token_id);
    const bool is_cut = said.continues && !found;
    const ConversationBeginning before = found.value_or(ConversationBeginning{});
    const bool same_system = found && said.continues->same_system;
    const std::optional<std::int64_t> system =
        same_system ? before.system : messages_.add_list(content.system, now_ms).id;
    const MessageTable::List list =
        messages_.add_list(content.messages, now_ms, content.prompt, before.list);
    std::optional<std::int64_t> completion;
    if (!content.completion.empty()) completion = messages_.add(content.completion, now_ms);
    std::optional<std::int64_t> prompt = list.message;
    std::string preview;
    if (content.prompt) {
        preview = message_preview(content.messages[*content.prompt]);
    } else if (const auto earlier = beginnings_.find_prompt(before.list)) {
        prompt = earlier->message;
        preview = message_preview(earlier->text);
    }

    insert_.tryReset();
    insert_.bindNoCopy(1, event.id);
    insert_.bindNoCopy(2, event.token_id);
    insert_.bind(3, event.request_at_ms);
    bind_text(insert_, 4, event.conversation_id);
    bind_text(insert_, 5, event.agent_id);
    bind_text(insert_, 6, event.user_name);
    bind_text(insert_, 7, event.model);
    insert_.bind(8, before.message_count + static_cast<std::int64_t>(content.messages.size()));
    insert_.bind(9, before.bytes + (same_system ? before.system_bytes : 0) + content.bytes());
    bind_text(insert_, 10, preview);
    insert_.bind(11, said.truncated || content.damaged || is_cut ? 1 : 0);
    bind_id(insert_, 12, system);
    bind_id(insert_, 13, list.id);
    bind_id(insert_, 14, completion);
    bind_id(insert_, 15, prompt);
    insert_.exec();
    insert_.tryReset();
    if (is_cut) return ContentOutcome::cut;
    return content.damaged ? ContentOutcome::damaged : ContentOutcome::stored;
}

}  // namespace ccproxy::analytics
