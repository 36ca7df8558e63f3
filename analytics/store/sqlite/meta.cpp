#include "analytics/store/sqlite/meta.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <charconv>
#include <stdexcept>

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

std::int64_t read_logs_purged_before_ms(const SQLite::Database& database) {
    const std::string text = read_meta(database, logs_purged_before_key).value_or("0");
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        throw std::runtime_error(std::string("the mark ") + logs_purged_before_key +
                                 " of the database is damaged");
    }
    return value;
}

std::int64_t read_integer(const SQLite::Database& database, const std::string& sql) {
    SQLite::Statement row(database, sql);
    if (!row.executeStep()) return 0;
    return row.getColumn(0).getInt64();
}

}  // namespace ccproxy::analytics
