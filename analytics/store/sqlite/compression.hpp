// Puts messages that are old into packs.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <optional>

#include "analytics/store/compression.hpp"

namespace ccproxy::analytics {

/// See CompressionReader.
std::optional<MessagePack> next_pack(SQLite::Database& database, std::int64_t before_ms);

/// See CompressionWriter.
bool write_pack(SQLite::Database& database, const MessagePack& pack);

}  // namespace ccproxy::analytics
