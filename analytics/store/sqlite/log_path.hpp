// Which index leads to the logs of a filter in the fewest steps, within a range of times.
#pragma once

#include <SQLiteCpp/Database.h>

#include "analytics/store/sqlite/log_conditions.hpp"

namespace ccproxy::analytics {

struct LogPath {
    const char* index;      ///< To be named by INDEXED BY; request_at is its last column.
    Conditions conditions;  ///< That the index answers; all logs of the filter fulfil them.
};

/// Within the caller's snapshot.
LogPath path_of(const SQLite::Database& database, const LogFilter& filter);

}  // namespace ccproxy::analytics
