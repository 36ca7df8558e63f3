// Which index leads to the logs of a filter in the fewest steps, within a range of times.
#pragma once

#include "analytics/store/sqlite/log_conditions.hpp"
#include "analytics/store/sqlite/statement_cache.hpp"

namespace ccproxy::analytics {

struct LogPath {
    const char* index;      ///< To be named by INDEXED BY; request_at is its last column.
    bool in_order = true;   ///< Of request_at; else SQLite would have to sort.
    Conditions conditions;  ///< That the index answers; all logs of the filter fulfil them.
};

/// Within the caller's snapshot.
LogPath path_of(StatementCache& statements, const LogFilter& filter);

}  // namespace ccproxy::analytics
