// Opens connections to the database file, with the settings that its two kinds of users need.
#pragma once

#include <SQLiteCpp/Database.h>

#include <string>

namespace ccproxy::analytics {

/// The writing connection. Creates the file, readable by its owner alone, when there is none;
/// changes nothing in a file that is not ours. Throws std::runtime_error with a message that names
/// the file.
SQLite::Database open_for_writing(const std::string& path);

/// A connection that cannot write. The file must exist.
SQLite::Database open_for_reading(const std::string& path);

}  // namespace ccproxy::analytics
