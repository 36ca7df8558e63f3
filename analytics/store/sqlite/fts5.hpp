// The way to FTS5's own interface, through which tokenizers and functions are added to it.
#pragma once

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

namespace ccproxy::analytics {

/// Belongs to the connection and lives as long. Throws std::runtime_error when SQLite comes without
/// FTS5, or the file is no database.
fts5_api& fts5_api_of(SQLite::Database& database);

}  // namespace ccproxy::analytics
