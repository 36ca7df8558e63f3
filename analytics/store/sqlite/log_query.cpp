#include "analytics/store/sqlite/log_query.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <algorithm>
#include <limits>

#include "analytics/store/sqlite/conditions.hpp"
#include "analytics/store/sqlite/cursor.hpp"
#include "analytics/store/sqlite/log_conditions.hpp"
#include "analytics/store/sqlite/log_path.hpp"
#include "analytics/store/sqlite/log_rows.hpp"
#include "analytics/store/sqlite/log_spans.hpp"
#include "analytics/store/sqlite/log_total.hpp"

namespace ccproxy::analytics {
namespace {

/// All but the times.
Conditions conditions_of(const LogFilter& filter) {
    Conditions where;
    add_filter(filter, Narrowing::none, where);
    add_failure_index(filter, where);
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

/// The rows that come after the cursor's row. As a row value, so that an index on the column gives
/// the starting point, unless times do: each span of them would be walked from its far end.
void add_cursor(const Cursor& cursor, bool by_spans, Conditions& where) {
    const Column column = column_of(cursor.sort);
    std::string name(by_spans ? "+" : "");
    name.append(column.name);
    if (!column.nullable) {
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

/// No log of a list by time is beyond its cursor.
void narrow_times(const Cursor& cursor, LogFilter& filter) {
    if (cursor.sort != SortField::request_at || !cursor.value) return;
    if (cursor.ascending) {
        filter.from_ms = std::max(filter.from_ms.value_or(*cursor.value), *cursor.value);
    } else {
        const std::int64_t end_ms = *cursor.value + 1;
        filter.to_ms = std::min(filter.to_ms.value_or(end_ms), end_ms);
    }
}

/// Fills a page from rows in the order of the list.
class PageFiller {
  public:
    PageFiller(const PageRequest& request, LogPage& page)
        : request_(request),
          page_(page),
          to_skip_(request.cursor.empty() ? request.page * request.limit : std::int64_t{0}) {}

    /// Takes rows until there are no more, or the page is full: true then.
    bool fill(SQLite::Statement& rows) {
        while (rows.executeStep()) {
            if (to_skip_ > 0) {
                --to_skip_;
                continue;
            }
            if (static_cast<std::int64_t>(page_.logs.size()) == request_.limit) {
                const RequestLog& last = page_.logs.back();
                page_.next_cursor = encode_cursor({request_.sort, request_.ascending,
                                                   sort_value(last, request_.sort), last.event.id});
                return true;
            }
            page_.logs.push_back(read_log_row(rows));
        }
        return false;
    }

  private:
    const PageRequest& request_;
    LogPage& page_;
    std::int64_t to_skip_;
};

/// `table` is request_logs, and may name an index.
std::string select_in_order(const std::string& table, const Conditions& where,
                            const PageRequest& page) {
    const std::string direction = page.ascending ? " ASC" : " DESC";
    return std::string("SELECT ") + log_columns + " FROM " + table + where.sql() + " ORDER BY " +
           column_of(page.sort).name + direction + ", id" + direction;
}

/// Only the spans that hold logs of the filter, as the roll-ups tell.
void fill_by_spans(StatementCache& statements, const DayZone& zone, const LogFilter& filter,
                   const LogGroups& groups, const Conditions& rest, const PageRequest& request,
                   LogPage& page) {
    LogPath path = path_of(statements, filter);
    Conditions& where = path.conditions;
    where.add(rest);
    // The only times among the conditions: of two that bound a walk, SQLite might take the wider.
    where.add("request_at >= ?", {std::int64_t{0}});
    where.add("request_at < ?", {std::int64_t{0}});
    SQLite::Statement rows(
        statements.database(),
        select_in_order(std::string("request_logs INDEXED BY ") + path.index, where, request));
    const int times = where.bind(rows) - 2;
    PageFiller filler(request, page);
    MatchingSpans spans(
        statements, zone, filter, groups,
        path.is_covering ? MatchingSpans::Length::days : MatchingSpans::Length::hours,
        request.ascending);
    while (const std::optional<TimeSpan> span = spans.next()) {
        rows.bind(times, std::max(span->from_ms, filter.from_ms.value_or(span->from_ms)));
        rows.bind(times + 1, std::min(span->to_ms, filter.to_ms.value_or(span->to_ms)));
        if (filler.fill(rows)) return;
        rows.reset();
    }
}

}  // namespace

Result<LogPage> read_log_page(StatementCache& statements, const DayZone& zone,
                              const LogFilter& filter, const PageRequest& page) {
    if (page.limit < 1 || page.page < 0 ||
        page.page > std::numeric_limits<std::int64_t>::max() / page.limit) {
        return Error{"page: is out of range"};
    }
    Conditions where = conditions_of(filter);
    LogFilter rest = filter;
    const bool has_index = filter.conversation_id || filter.status_code;
    const bool by_spans =
        page.sort == SortField::request_at && is_in_roll_ups(filter) && !has_index;
    if (!page.cursor.empty()) {
        const Result<Cursor> cursor = decode_cursor(page.cursor);
        if (!cursor) return cursor.error();
        if (cursor->sort != page.sort || cursor->ascending != page.ascending) {
            return Error{"cursor: belongs to another sort or order"};
        }
        add_cursor(*cursor, by_spans, where);
        narrow_times(*cursor, rest);
    }
    SQLite::Database& database = statements.database();
    const SQLite::Transaction snapshot(database);
    LogPage result;
    const LogGroups groups = groups_of(statements, filter);
    const LogTotal total = count_logs(statements, zone, filter, groups);
    result.total = total.count;
    result.total_is_exact = total.is_exact;
    if (by_spans) {
        fill_by_spans(statements, zone, rest, groups, where, page, result);
    } else {
        where.add_optional("request_at >= ?", filter.from_ms);
        where.add_optional("request_at < ?", filter.to_ms);
        SQLite::Statement rows(database, select_in_order("request_logs", where, page));
        where.bind(rows);
        PageFiller(page, result).fill(rows);
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
