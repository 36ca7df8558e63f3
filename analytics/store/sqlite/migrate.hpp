// Brings a database file to the schema that this program knows, and refuses one that it does not.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ccproxy::analytics {

/// One step of the schema. Versions count from 1 without gaps.
struct Migration {
    int version;
    const char* name;
    const char* sql;
};

/// All steps, in order, embedded at build time.
const std::vector<Migration>& known_migrations();

/// Marks a file as ours (PRAGMA application_id): "CCPX".
inline constexpr std::int32_t application_id = 0x43435058;

/// Throws std::runtime_error, before anything is changed, when the file belongs to another program,
/// or to a newer version of this one.
void check_ownership(SQLite::Database& database, const std::vector<Migration>& migrations);

/// Applies what is missing, each step in one transaction: after a failure or a power cut the file
/// is at the last step that succeeded.
void migrate(SQLite::Database& database, const std::vector<Migration>& migrations,
             std::int64_t now_ms);

int schema_version(const SQLite::Database& database);

}  // namespace ccproxy::analytics
