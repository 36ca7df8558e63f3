// Prepared statements of one connection, kept from call to call: preparing one takes longer than
// running it where few rows are read.
#pragma once

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ccproxy::analytics {

/// Used through RawStatement, which takes a statement and gives it back. For the thread of the
/// connection, which must outlive it.
class StatementCache {
  public:
    explicit StatementCache(SQLite::Database& database) : database_(database) {}
    ~StatementCache();
    StatementCache(const StatementCache&) = delete;
    StatementCache& operator=(const StatementCache&) = delete;

    [[nodiscard]] SQLite::Database& database() const { return database_; }

    /// One that nobody else uses, ready to run. Throws SQLite::Exception.
    sqlite3_stmt* take(const std::string& sql);
    /// Forgets what is bound to it, and lets the next one take it.
    void give_back(sqlite3_stmt* statement);

    /// So many are kept; some kilobytes each.
    static constexpr std::size_t max_kept = 200;

  private:
    SQLite::Database& database_;
    /// By their text, which is the statement's own; there are several where loops are nested.
    std::unordered_multimap<std::string_view, sqlite3_stmt*> kept_;
};

}  // namespace ccproxy::analytics
