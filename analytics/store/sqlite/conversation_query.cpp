#include "analytics/store/sqlite/conversation_query.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <limits>

#include "analytics/store/sqlite/conditions.hpp"
#include "analytics/store/sqlite/cursor.hpp"
#include "analytics/store/sqlite/meta.hpp"

namespace ccproxy::analytics {
namespace {

constexpr int summary_column_count = 14;

Conditions conditions_of(const ConversationFilter& filter) {
    Conditions where;
    where.add_optional("token_id = ?", filter.token_id);
    where.add_optional("conversation_id = ?", filter.conversation_id);
    where.add_optional("created_at >= ?", filter.from_ms);
    where.add_optional("created_at < ?", filter.to_ms);
    return where;
}

std::int64_t count_conversations(SQLite::Database& database, const Conditions& where) {
    if (where.empty()) {
        return read_integer(database, "SELECT value FROM counters WHERE name = 'conversations'");
    }
    SQLite::Statement count(database, "SELECT count(*) FROM conversations" + where.sql());
    where.bind(count);
    count.executeStep();
    return count.getColumn(0).getInt64();
}

std::optional<std::string> optional_text(SQLite::Statement& row, int index) {
    const SQLite::Column column = row.getColumn(index);
    if (column.isNull()) return std::nullopt;
    return column.getString();
}

}  // namespace

const char* const conversation_summary_columns =
    "number, id, token_id, conversation_id, agent_id, user_name, model, created_at, "
    "message_count, content_bytes, prompt_preview, completion IS NOT NULL, truncated, "
    "is_compressed";

ConversationSummary read_conversation_summary(SQLite::Statement& row) {
    ConversationSummary summary;
    summary.number = row.getColumn(0).getInt64();
    summary.id = row.getColumn(1).getString();
    summary.token_id = row.getColumn(2).getString();
    summary.conversation_id = row.getColumn(3).getString();
    summary.agent_id = row.getColumn(4).getString();
    summary.user_name = row.getColumn(5).getString();
    summary.model = row.getColumn(6).getString();
    summary.created_at_ms = row.getColumn(7).getInt64();
    summary.message_count = row.getColumn(8).getInt64();
    summary.content_bytes = row.getColumn(9).getInt64();
    summary.prompt_preview = row.getColumn(10).getString();
    summary.has_completion = row.getColumn(11).getInt() != 0;
    summary.truncated = row.getColumn(12).getInt() != 0;
    summary.is_compressed = row.getColumn(13).getInt() != 0;
    return summary;
}

Result<ConversationPage> read_conversation_page(SQLite::Database& database,
                                                const ConversationFilter& filter,
                                                const ConversationPageRequest& page) {
    if (page.limit < 1 || page.page < 0 ||
        page.page > std::numeric_limits<std::int64_t>::max() / page.limit) {
        return Error{"page: is out of range"};
    }
    const Conditions filtered = conditions_of(filter);
    Conditions where = filtered;
    if (!page.cursor.empty()) {
        const Result<TimeCursor> cursor = decode_time_cursor(page.cursor);
        if (!cursor) return cursor.error();
        where.add("(created_at, number) < (?, ?)", {cursor->time_ms, cursor->id});
    }
    const SQLite::Transaction snapshot(database);
    ConversationPage result;
    result.total = count_conversations(database, filtered);
    SQLite::Statement rows(database, std::string("SELECT ") + conversation_summary_columns +
                                         " FROM conversations" + where.sql() +
                                         " ORDER BY created_at DESC, number DESC LIMIT ? OFFSET ?");
    const int next = where.bind(rows);
    rows.bind(next, page.limit + 1);
    rows.bind(next + 1, page.cursor.empty() ? page.page * page.limit : std::int64_t{0});
    while (rows.executeStep()) {
        if (static_cast<std::int64_t>(result.conversations.size()) == page.limit) {
            const ConversationSummary& last = result.conversations.back();
            result.next_cursor = encode_time_cursor({last.created_at_ms, last.number});
            break;
        }
        result.conversations.push_back(read_conversation_summary(rows));
    }
    return result;
}

std::optional<ConversationDetail> read_conversation(SQLite::Database& database,
                                                    const std::string& id) {
    SQLite::Statement row(database,
                          std::string("SELECT ") + conversation_summary_columns +
                              ", list_text(system), list_json(messages), message_text(prompt), "
                              "message_text(completion), message_json(completion) "
                              "FROM conversations WHERE id = ?");
    row.bind(1, id);
    if (!row.executeStep()) return std::nullopt;
    constexpr int first = summary_column_count;
    ConversationDetail detail;
    detail.summary = read_conversation_summary(row);
    detail.system_prompt = optional_text(row, first);
    detail.messages_json = optional_text(row, first + 1).value_or("[]");
    detail.prompt = optional_text(row, first + 2);
    detail.completion = optional_text(row, first + 3);
    detail.completion_json = optional_text(row, first + 4);
    return detail;
}

}  // namespace ccproxy::analytics
