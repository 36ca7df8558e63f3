// Reads messages and lists of them, however they are kept: each for itself, or in packs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analytics/store/sqlite/pack_reader.hpp"

struct sqlite3;

namespace ccproxy::analytics {

// On the connection `database`, which `packs` belongs to, within its transaction if there is one.
// Throw DamagedMessage, and std::runtime_error when the database fails.

/// In canonical form; nothing when there is no such message.
std::optional<std::string> read_message(sqlite3* database, PackReader& packs, std::int64_t id);

/// The messages of a list in their order; none when there is no such list.
std::vector<std::string> read_message_list(sqlite3* database, PackReader& packs, std::int64_t list);

/// Their ids alone. Where `is_wanted` says no to a list, the messages of that list, which are the
/// first ones, are left out.
std::vector<std::int64_t> read_list_ids(
    sqlite3* database, std::int64_t list,
    const std::function<bool(std::int64_t list)>& is_wanted = nullptr);

/// Makes the functions that the views of conversations call known to the connection:
/// `message_json(message)`, `message_text(message)`, `list_json(list)`, and `list_text(list)` with
/// the texts of its messages joined by blank lines; and `search_text(message)`, which is
/// `message_text(message)`, or NULL when the body is damaged. Each gives NULL for what is not
/// there. Throws std::runtime_error.
void register_message_functions(sqlite3* database);

}  // namespace ccproxy::analytics
