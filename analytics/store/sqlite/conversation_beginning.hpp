// Finds what a conversation goes on from: the beginning of one that is stored already.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <string>

#include "analytics/store/sqlite/pack_reader.hpp"
#include "proto/conversation.hpp"

namespace ccproxy::analytics {

struct ConversationBeginning {
    std::optional<std::int64_t> list;  ///< The messages; nothing for none.
    std::int64_t message_count = 0;
    std::int64_t bytes = 0;  ///< Of these, in canonical form.
    /// The system prompt of the earlier conversation, and its size.
    std::optional<std::int64_t> system;
    std::int64_t system_bytes = 0;
};

/// Used by the thread of its connection, within its caller's transactions.
class BeginningFinder {
  public:
    /// `database` must outlive it.
    explicit BeginningFinder(SQLite::Database& database);

    /// Nothing when the conversation that is continued is not there, belongs to another token, or
    /// does not hold all the messages that it should.
    std::optional<ConversationBeginning> find(const Continuation& continues,
                                              const std::string& token_id);

    struct Prompt {
        std::int64_t message = 0;  ///< Its id.
        std::string text;          ///< In canonical form.
    };
    /// The user's last message of a list. Those that are damaged are passed over.
    std::optional<Prompt> find_prompt(std::optional<std::int64_t> list);

  private:
    struct Node {
        std::optional<std::int64_t> parent;
        std::int64_t message = 0;
        std::int64_t bytes = 0;  ///< Of the message.
    };
    Node node(std::int64_t list);
    std::int64_t bytes_of(std::optional<std::int64_t> list);

    SQLite::Database& database_;
    PackReader packs_;
    SQLite::Statement find_, node_, list_bytes_;
};

}  // namespace ccproxy::analytics
