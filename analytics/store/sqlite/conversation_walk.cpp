#include "analytics/store/sqlite/conversation_walk.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include "analytics/store/sqlite/conditions.hpp"
#include "analytics/store/sqlite/conversation_query.hpp"
#include "analytics/store/sqlite/meta.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t looked_at_once = 500;

/// Each ends with created_at and the number, which is the order of the walk.
const char* index_of(const ConversationFilter& filter) {
    if (filter.conversation_id) return "conversations_by_session";
    return filter.token_id ? "conversations_by_token" : "conversations_by_time";
}

/// What the walk has still to look at.
Conditions rows_ahead(const ConversationWalk& walk) {
    const ConversationFilter& filter = walk.filter;
    Conditions rows;
    if (filter.conversation_id) {
        rows.add("conversation_id = ?", {*filter.conversation_id});
    } else if (filter.token_id) {
        rows.add("token_id = ?", {*filter.token_id});
    }
    rows.add("(created_at, number) > (?, ?)", {walk.created_at_ms, walk.number});
    rows.add_optional("created_at < ?", filter.to_ms);
    // The plus keeps the number from being taken for a way to find the rows.
    rows.add("+number <= ?", {walk.last_number});
    return rows;
}

}  // namespace

ConversationWalk begin_conversation_walk(SQLite::Database& database,
                                         const ConversationFilter& filter) {
    ConversationWalk walk;
    walk.filter = filter;
    walk.last_number = read_integer(database, "SELECT max(number) FROM conversations");
    walk.created_at_ms = filter.from_ms.value_or(0);
    return walk;
}

std::optional<ConversationDetail> next_conversation(SQLite::Database& database,
                                                    ConversationWalk& walk) {
    const Conditions rows = rows_ahead(walk);
    Conditions fits;
    if (walk.filter.conversation_id) fits.add_optional("token_id = ?", walk.filter.token_id);
    // So that the conversation which is found is still there when it is read.
    const SQLite::Transaction snapshot(database);
    SQLite::Statement row(database, "SELECT created_at, number, id, " + fits.expression() +
                                        " FROM conversations INDEXED BY " + index_of(walk.filter) +
                                        rows.sql() + " ORDER BY created_at, number LIMIT ?");
    row.bind(rows.bind(row, fits.bind(row)), looked_at_once);
    std::int64_t seen = 0;
    while (row.executeStep()) {
        ++seen;
        walk.created_at_ms = row.getColumn(0).getInt64();
        walk.number = row.getColumn(1).getInt64();
        if (row.getColumn(3).getInt() != 0) {
            return read_conversation(database, row.getColumn(2).getString());
        }
    }
    walk.at_end = seen < looked_at_once;
    return std::nullopt;
}

}  // namespace ccproxy::analytics
