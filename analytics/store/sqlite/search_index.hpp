// Keeps the index of conversations up to date with them.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace ccproxy::analytics {

/// Used by the thread of its connection. What is deleted leaves the index by a trigger.
class SearchIndex {
  public:
    /// `database` must outlive it.
    explicit SearchIndex(SQLite::Database& database);

    /// Takes in all conversations that came since the last call. Within a transaction.
    void catch_up();

    /// The oldest of them, at most `max_rows`; false when there are none. Within a transaction.
    bool take_in(std::int64_t max_rows);

  private:
    SQLite::Statement next_, insert_, move_on_;
};

/// Takes in what was stored before there was an index, in many transactions: one that is broken off
/// goes on at the next start.
void index_conversations(SQLite::Database& database);

/// See SearchWriter.
bool compact_search(SQLite::Database& database, std::int64_t max_pages);

/// Makes the tokenizer and the functions of the index known to the connection.
void register_search(SQLite::Database& database);

/// What finds the conversations of a token, and no others, as an FTS5 expression.
std::string token_expression(std::string_view token_id);

}  // namespace ccproxy::analytics
