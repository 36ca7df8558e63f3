// Deleting old request logs, and giving back the pages that hold nothing.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>

namespace ccproxy::analytics {

/// Lets a database that was made without it release space from now on, by writing it anew once.
/// That takes as much free disk as the database is large, and is skipped with a warning in the log
/// when it fails. Nothing for a database that can already.
void allow_release(SQLite::Database& database);

/// See RetentionWriter.
std::int64_t purge_request_logs(SQLite::Database& database, std::int64_t before_ms,
                                std::int64_t max_rows);
std::int64_t release_space(SQLite::Database& database, std::int64_t max_bytes);

}  // namespace ccproxy::analytics
