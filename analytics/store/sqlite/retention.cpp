#include "analytics/store/sqlite/retention.hpp"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>

#include "analytics/store/sqlite/meta.hpp"

namespace ccproxy::analytics {
namespace {

/// What PRAGMA auto_vacuum calls INCREMENTAL.
constexpr std::int64_t incremental = 2;

/// The moment before which logs may be missing; Unix milliseconds.
constexpr const char* purged_before = "logs_purged_before_ms";

void raise_purged_before(const SQLite::Database& database, std::int64_t before_ms) {
    const std::optional<std::string> known = read_meta(database, purged_before);
    if (known && std::stoll(*known) >= before_ms) return;
    write_meta(database, purged_before, std::to_string(before_ms));
}

}  // namespace

void allow_release(SQLite::Database& database) {
    if (read_integer(database, "PRAGMA auto_vacuum") == incremental) return;
    spdlog::info("the database is written anew, once, so that it can give back space");
    try {
        database.exec("PRAGMA auto_vacuum = INCREMENTAL");
        database.exec("VACUUM");
    } catch (const SQLite::Exception& error) {
        spdlog::warn(
            "the database stays as it is: space of deleted rows is used again, but the file does "
            "not shrink: {}",
            error.what());
    }
}

std::int64_t purge_request_logs(SQLite::Database& database, std::int64_t before_ms,
                                std::int64_t max_rows) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement rows(database,
                           "DELETE FROM request_logs WHERE rowid IN (SELECT rowid FROM "
                           "request_logs WHERE request_at < ? ORDER BY request_at LIMIT ?)");
    rows.bind(1, before_ms);
    rows.bind(2, max_rows);
    const std::int64_t deleted = rows.exec();
    if (deleted == 0) return 0;
    SQLite::Statement count(database,
                            "UPDATE counters SET value = value - ? WHERE name = 'request_logs'");
    count.bind(1, deleted);
    count.exec();
    raise_purged_before(database, before_ms);
    transaction.commit();
    return deleted;
}

std::int64_t release_space(SQLite::Database& database, std::int64_t max_bytes) {
    const std::int64_t page_bytes = read_integer(database, "PRAGMA page_size");
    const auto free_pages = [&] { return read_integer(database, "PRAGMA freelist_count"); };
    const std::int64_t before = free_pages();
    if (before == 0) return 0;
    const std::int64_t pages = std::max<std::int64_t>(1, max_bytes / page_bytes);
    database.exec("PRAGMA incremental_vacuum(" + std::to_string(pages) + ")");
    return (before - free_pages()) * page_bytes;
}

}  // namespace ccproxy::analytics
