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

/// The first column of the first row that `sql` gives; 0 when that is NULL or there is no row.
std::int64_t read_integer(const SQLite::Database& database, const std::string& sql);

}  // namespace ccproxy::analytics
