// The writing side of conversations: what ingest adds, and what is deleted.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <string>

#include "analytics/store/conversations.hpp"
#include "analytics/store/sqlite/conversation_beginning.hpp"
#include "analytics/store/sqlite/message_table.hpp"
#include "proto/event.hpp"

namespace ccproxy::analytics {

/// What became of the content that came with an event.
enum class ContentOutcome {
    none,  ///< There was none.
    stored,
    damaged,    ///< Stored without the parts that are not what they should be.
    cut,        ///< Stored without the beginning that it continues, which is not there.
    not_wanted  ///< Its token, or the configuration, does not want it kept: dropped.
};

/// Used by the thread of its connection, within its caller's transactions.
class ConversationTable {
  public:
    /// `database` must outlive it.
    ConversationTable(SQLite::Database& database, ConversationOptions options);

    /// Stores what was said in a request whose log has just been added. The token's setting is
    /// asked for here again: it may have changed since the proxy looked.
    ContentOutcome add(const Event& event);

  private:
    bool is_wanted(const std::string& token_id);

    const ConversationOptions options_;
    MessageTable messages_;
    BeginningFinder beginnings_;
    SQLite::Statement select_setting_, insert_;
};

}  // namespace ccproxy::analytics
