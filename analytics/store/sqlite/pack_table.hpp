// Adds packs, and frees those that lost a message from what it held.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <string>

namespace ccproxy::analytics {

// Within the caller's transaction, in which nothing reads a pack that it has added (PackReader).

/// Gives the id of the new pack, whose body is of encode_pack() and holds `bytes` bytes.
std::int64_t insert_pack(SQLite::Database& database, const std::string& body, std::int64_t bytes);

/// Deletes one of the packs that lost messages, with what these held; those that are left in it
/// move to another pack. Takes some milliseconds. False when there is no such pack.
bool replace_torn_pack(SQLite::Database& database);

}  // namespace ccproxy::analytics
