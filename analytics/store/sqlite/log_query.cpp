#include "analytics/store/sqlite/log_query.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <limits>

#include "analytics/store/sqlite/conditions.hpp"
#include "analytics/store/sqlite/cursor.hpp"
#include "analytics/store/sqlite/log_conditions.hpp"
#include "analytics/store/sqlite/log_rows.hpp"
#include "analytics/store/sqlite/meta.hpp"

namespace ccproxy::analytics {
namespace {

Conditions conditions_of(const LogFilter& filter) {
    Conditions where;
    add_filter(filter, Narrowing::none, where);
    where.add_optional("request_at >= ?", filter.from_ms);
    where.add_optional("request_at < ?", filter.to_ms);
    return where;
}

struct Column {
    const char* name;
    bool nullable;
};

Column column_of(SortField sort) {
    switch (sort) {
        case SortField::request_at:
            return {"request_at", false};
        case SortField::duration_ms:
            return {"duration_ms", false};
        case SortField::ttft_ms:
            return {"ttft_ms", true};
        case SortField::total_tokens:
            return {"total_tokens", true};
        case SortField::cost:
            return {"cost_nano_usd", true};
        case SortField::status_code:
            return {"status_code", false};
    }
    return {"request_at", false};
}

std::optional<std::int64_t> sort_value(const RequestLog& log, SortField sort) {
    const Event& event = log.event;
    switch (sort) {
        case SortField::request_at:
            return event.request_at_ms;
        case SortField::duration_ms:
            return event.duration_ms;
        case SortField::ttft_ms:
            return event.ttft_ms;
        case SortField::total_tokens:
            if (event.usage_source == UsageSource::none) return std::nullopt;
            return event.usage.prompt_tokens() + event.usage.output_tokens;
        case SortField::cost:
            return log.cost_nano_usd;
        case SortField::status_code:
            return event.status_code;
    }
    return std::nullopt;
}

/// The rows that come after the cursor's row.
void add_cursor(const Cursor& cursor, Conditions& where) {
    const Column column = column_of(cursor.sort);
    const std::string name = column.name;
    if (!column.nullable) {
        // As a row value, so that an index on the column gives the starting point.
        where.add("(" + name + ", id) " + (cursor.ascending ? ">" : "<") + " (?, ?)",
                  {cursor.value.value_or(0), cursor.id});
    } else if (cursor.value && cursor.ascending) {
        where.add(name + " > ? OR (" + name + " = ? AND id > ?)",
                  {*cursor.value, *cursor.value, cursor.id});
    } else if (cursor.value) {
        where.add(name + " < ? OR (" + name + " = ? AND id < ?) OR " + name + " IS NULL",
                  {*cursor.value, *cursor.value, cursor.id});
    } else if (cursor.ascending) {
        where.add(name + " IS NOT NULL OR id > ?", {cursor.id});
    } else {
        where.add(name + " IS NULL AND id < ?", {cursor.id});
    }
}

std::int64_t count_logs(SQLite::Database& database, const Conditions& where) {
    if (where.empty()) {
        return read_integer(database, "SELECT value FROM counters WHERE name = 'request_logs'");
    }
    SQLite::Statement count(database, "SELECT COUNT(*) FROM request_logs" + where.sql());
    where.bind(count);
    count.executeStep();
    return count.getColumn(0).getInt64();
}

}  // namespace

Result<LogPage> read_log_page(SQLite::Database& database, const LogFilter& filter,
                              const PageRequest& page) {
    if (page.limit < 1 || page.page < 0 ||
        page.page > std::numeric_limits<std::int64_t>::max() / page.limit) {
        return Error{"page: is out of range"};
    }
    const Conditions filtered = conditions_of(filter);
    Conditions where = filtered;
    if (!page.cursor.empty()) {
        const Result<Cursor> cursor = decode_cursor(page.cursor);
        if (!cursor) return cursor.error();
        if (cursor->sort != page.sort || cursor->ascending != page.ascending) {
            return Error{"cursor: belongs to another sort or order"};
        }
        add_cursor(*cursor, where);
    }
    const std::string direction = page.ascending ? " ASC" : " DESC";
    const SQLite::Transaction snapshot(database);
    LogPage result;
    result.total = count_logs(database, filtered);
    SQLite::Statement rows(database, std::string("SELECT ") + log_columns + " FROM request_logs" +
                                         where.sql() + " ORDER BY " + column_of(page.sort).name +
                                         direction + ", id" + direction + " LIMIT ? OFFSET ?");
    const int next = where.bind(rows);
    rows.bind(next, page.limit + 1);
    rows.bind(next + 1, page.cursor.empty() ? page.page * page.limit : std::int64_t{0});
    while (rows.executeStep()) {
        if (static_cast<std::int64_t>(result.logs.size()) == page.limit) {
            const RequestLog& last = result.logs.back();
            result.next_cursor = encode_cursor(
                {page.sort, page.ascending, sort_value(last, page.sort), last.event.id});
            break;
        }
        result.logs.push_back(read_log_row(rows));
    }
    return result;
}

std::optional<RequestLog> read_log(SQLite::Database& database, const std::string& id) {
    SQLite::Statement row(database,
                          std::string("SELECT ") + log_columns + " FROM request_logs WHERE id = ?");
    row.bind(1, id);
    if (!row.executeStep()) return std::nullopt;
    return read_log_row(row);
}

}  // namespace ccproxy::analytics
