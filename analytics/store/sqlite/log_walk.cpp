#include "analytics/store/sqlite/log_walk.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include "analytics/store/sqlite/log_conditions.hpp"
#include "analytics/store/sqlite/log_rows.hpp"
#include "analytics/store/sqlite/meta.hpp"

namespace ccproxy::analytics {
namespace {

Narrowing narrowing_of(const LogFilter& filter) {
    if (filter.conversation_id) return Narrowing::conversation;
    return filter.token_id ? Narrowing::token : Narrowing::none;
}

/// Each ends with request_at and the rowid, which is the order of the walk.
const char* index_of(Narrowing narrowing) {
    switch (narrowing) {
        case Narrowing::conversation:
            return "request_logs_by_conversation";
        case Narrowing::token:
            return "request_logs_by_token";
        case Narrowing::none:
            break;
    }
    return "request_logs_by_time";
}

/// The rows that the walk has still to look at.
Conditions rows_ahead(const LogWalk& walk, Narrowing narrowing) {
    const LogFilter& filter = walk.filter;
    Conditions rows;
    if (narrowing == Narrowing::conversation) {
        rows.add("conversation_id = ?", {*filter.conversation_id});
    } else if (narrowing == Narrowing::token) {
        rows.add("token_id = ?", {*filter.token_id});
    }
    rows.add("(request_at, rowid) > (?, ?)", {walk.request_at_ms, walk.place});
    rows.add_optional("request_at < ?", filter.to_ms);
    // The plus keeps the rowid from being taken for a way to find the rows.
    rows.add("+rowid <= ?", {walk.last_place});
    return rows;
}

}  // namespace

LogWalk begin_log_walk(SQLite::Database& database, const LogFilter& filter) {
    LogWalk walk;
    walk.filter = filter;
    walk.last_place = read_integer(database, "SELECT max(rowid) FROM request_logs");
    walk.request_at_ms = filter.from_ms.value_or(0);
    return walk;
}

void step_log_walk(SQLite::Database& database, LogWalk& walk, std::int64_t max_logs,
                   const std::function<void(const RequestLog&)>& visit) {
    const Narrowing narrowing = narrowing_of(walk.filter);
    const Conditions rows = rows_ahead(walk, narrowing);
    // Not among the conditions: rows that do not fit are to count, or a step over few that do would
    // take long.
    Conditions fits;
    add_filter(walk.filter, narrowing, fits);
    SQLite::Statement row(database, std::string("SELECT ") + log_columns + ", rowid, " +
                                        fits.expression() + " FROM request_logs INDEXED BY " +
                                        index_of(narrowing) + rows.sql() +
                                        " ORDER BY request_at, rowid LIMIT ?");
    row.bind(rows.bind(row, fits.bind(row)), max_logs);
    RequestLog log;
    std::int64_t seen = 0;
    while (row.executeStep()) {
        ++seen;
        walk.request_at_ms = row.getColumn(request_at_column).getInt64();
        walk.place = row.getColumn(log_column_count).getInt64();
        if (row.getColumn(log_column_count + 1).getInt() == 0) continue;
        read_log_row(row, log);
        visit(log);
    }
    walk.at_end = seen < max_logs;
}

}  // namespace ccproxy::analytics
