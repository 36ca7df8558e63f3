#include "analytics/store/sqlite/quarantine.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Transaction.h>

#include <algorithm>
#include <limits>

#include "analytics/store/sqlite/cursor.hpp"
#include "analytics/store/sqlite/meta.hpp"
#include "common/utf8.hpp"

namespace ccproxy::analytics {
namespace {

/// What is kept of a payload: all of an event without a long conversation.
constexpr std::size_t max_kept_bytes = 1024 * 1024;
constexpr std::size_t max_reason_bytes = 1024;
/// Beyond what came in: so that drawing the bounds closer never makes ingest wait for long.
constexpr std::uint64_t discarded_at_once = 1000;

constexpr const char* rows_sql = "SELECT value FROM counters WHERE name = 'quarantined'";
constexpr const char* bytes_sql = "SELECT value FROM counters WHERE name = 'quarantined_bytes'";

QuarantinedEvent read_row(SQLite::Statement& row) {
    QuarantinedEvent event;
    event.id = row.getColumn(0).getInt64();
    event.proxy_id = row.getColumn(1).getString();
    event.seq = static_cast<std::uint64_t>(row.getColumn(2).getInt64());
    event.received_at_ms = row.getColumn(3).getInt64();
    event.reason = row.getColumn(4).getString();
    const SQLite::Column payload = row.getColumn(5);
    const auto* data = static_cast<const char*>(payload.getBlob());
    if (data != nullptr) event.payload.assign(data, static_cast<std::size_t>(payload.getBytes()));
    event.bytes = row.getColumn(6).getInt64();
    event.truncated = event.bytes > row.getColumn(7).getInt64();
    return event;
}

}  // namespace

QuarantineTable::QuarantineTable(SQLite::Database& database, QuarantineLimits limits)
    : database_(database),
      limits_(limits),
      insert_(database,
              "INSERT INTO quarantine (proxy_id, seq, received_at, reason, payload, bytes) "
              "SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM quarantine WHERE "
              "proxy_id = ?1 AND seq = ?2 AND payload = ?5 AND bytes = ?6)") {}

void QuarantineTable::add(const IngestItem& item, const std::string& payload,
                          const std::string& reason) {
    const std::string clean_reason = clean_utf8(reason, max_reason_bytes);
    const std::size_t size = std::min(payload.size(), max_kept_bytes);
    insert_.tryReset();
    insert_.bindNoCopy(1, item.proxy_id);
    insert_.bind(2, static_cast<std::int64_t>(item.seq));
    insert_.bind(3, item.received_at_ms);
    insert_.bindNoCopy(4, clean_reason);
    insert_.bindNoCopy(5, static_cast<const void*>(payload.data()), static_cast<int>(size));
    insert_.bind(6, static_cast<std::int64_t>(payload.size()));
    insert_.exec();
    insert_.tryReset();
}

bool QuarantineTable::is_beyond_bounds() {
    return read_integer(database_, rows_sql) > limits_.max_rows ||
           read_integer(database_, bytes_sql) > limits_.max_bytes;
}

std::uint64_t QuarantineTable::keep_bounds(std::uint64_t added) {
    std::uint64_t discarded = 0;
    while (discarded < added + discarded_at_once && is_beyond_bounds()) {
        database_.exec("DELETE FROM quarantine WHERE id = (SELECT min(id) FROM quarantine)");
        ++discarded;
    }
    if (discarded == 0) return 0;
    SQLite::Statement count(
        database_, "UPDATE counters SET value = value + ? WHERE name = 'quarantine_discarded'");
    count.bind(1, static_cast<std::int64_t>(discarded));
    count.exec();
    return discarded;
}

std::optional<QuarantinedEvent> QuarantineTable::find(std::int64_t id) {
    return read_quarantined(database_, id);
}

void QuarantineTable::change_reason(std::int64_t id, const std::string& reason) {
    SQLite::Statement update(database_, "UPDATE quarantine SET reason = ? WHERE id = ?");
    update.bind(1, clean_utf8(reason, max_reason_bytes));
    update.bind(2, id);
    update.exec();
}

bool QuarantineTable::erase(std::int64_t id) {
    SQLite::Statement row(database_, "DELETE FROM quarantine WHERE id = ?");
    row.bind(1, id);
    return row.exec() > 0;
}

Result<QuarantinePage> read_quarantine_page(SQLite::Database& database,
                                            const QuarantineQuery& query) {
    std::int64_t before_id = std::numeric_limits<std::int64_t>::max();
    if (!query.cursor.empty()) {
        const Result<std::int64_t> id = decode_id_cursor(query.cursor);
        if (!id) return id.error();
        before_id = *id;
    }
    const std::string of_proxy = query.proxy_id ? "proxy_id = ?3 AND " : "";
    const SQLite::Transaction snapshot(database);
    QuarantinePage page;
    if (query.proxy_id) {
        SQLite::Statement count(database, "SELECT count(*) FROM quarantine WHERE proxy_id = ?");
        count.bind(1, *query.proxy_id);
        count.executeStep();
        page.total = count.getColumn(0).getInt64();
    } else {
        page.total = read_integer(database, rows_sql);
    }
    SQLite::Statement rows(database,
                           "SELECT id, proxy_id, seq, received_at, reason, substr(payload, 1, " +
                               std::to_string(max_listed_payload_bytes) +
                               "), bytes, length(payload) FROM quarantine WHERE " + of_proxy +
                               "id < ?1 ORDER BY id DESC LIMIT ?2");
    rows.bind(1, before_id);
    rows.bind(2, query.limit + 1);
    if (query.proxy_id) rows.bind(3, *query.proxy_id);
    while (rows.executeStep()) {
        if (static_cast<std::int64_t>(page.events.size()) == query.limit) {
            page.next_cursor = encode_id_cursor(page.events.back().id);
            break;
        }
        page.events.push_back(read_row(rows));
    }
    return page;
}

std::optional<QuarantinedEvent> read_quarantined(SQLite::Database& database, std::int64_t id) {
    SQLite::Statement row(database,
                          "SELECT id, proxy_id, seq, received_at, reason, payload, bytes, "
                          "length(payload) FROM quarantine WHERE id = ?");
    row.bind(1, id);
    if (!row.executeStep()) return std::nullopt;
    return read_row(row);
}

}  // namespace ccproxy::analytics
