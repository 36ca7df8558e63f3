// Reads messages and lists of them, however they are encoded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

struct sqlite3;

namespace ccproxy::analytics {

/// On the connection `database`, within its transaction if there is one. Throws std::runtime_error.
/// In canonical form; nothing when there is no such message.
std::optional<std::string> read_message(sqlite3* database, std::int64_t id);

/// The messages of a list in their order; none when there is no such list.
std::vector<std::string> read_message_list(sqlite3* database, std::int64_t list);

/// Makes the functions that the views of conversations call known to the connection:
/// `message_json(message)`, `message_text(message)`, `list_json(list)`, and `list_text(list)` with
/// the texts of its messages joined by blank lines. Each gives NULL for what is not there. Throws
/// std::runtime_error.
void register_message_functions(sqlite3* database);

}  // namespace ccproxy::analytics
