#include "analytics/store/sqlite/meta.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

namespace ccproxy::analytics {

std::optional<std::string> read_meta(const SQLite::Database& database, const std::string& key) {
    SQLite::Statement row(database, "SELECT value FROM meta WHERE key = ?");
    row.bind(1, key);
    if (!row.executeStep()) return std::nullopt;
    return row.getColumn(0).getString();
}

void write_meta(const SQLite::Database& database, const std::string& key,
                const std::string& value) {
    SQLite::Statement row(database,
                          "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = "
                          "excluded.value");
    row.bind(1, key);
    row.bind(2, value);
    row.exec();
}

std::int64_t read_integer(const SQLite::Database& database, const std::string& sql) {
    SQLite::Statement row(database, sql);
    if (!row.executeStep()) return 0;
    return row.getColumn(0).getInt64();
}

}  // namespace ccproxy::analytics
