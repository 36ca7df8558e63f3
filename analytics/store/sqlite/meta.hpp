// Single values that the database keeps beside its tables.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <optional>
#include <string>

namespace ccproxy::analytics {

std::optional<std::string> read_meta(const SQLite::Database& database, const std::string& key);
/// Within the caller's transaction, if there is one.
void write_meta(const SQLite::Database& database, const std::string& key, const std::string& value);

/// `logs_purged_before_ms`: every log with an earlier request_at may have been deleted, by the
/// transaction that moved this mark on or a later one. 0 when none was.
std::int64_t read_logs_purged_before_ms(const SQLite::Database& database);
inline constexpr const char* logs_purged_before_key = "logs_purged_before_ms";

/// The first column of the first row that `sql` gives; 0 when that is NULL or there is no row.
std::int64_t read_integer(const SQLite::Database& database, const std::string& sql);

}  // namespace ccproxy::analytics
