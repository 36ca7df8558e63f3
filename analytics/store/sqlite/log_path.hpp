// Which index leads to the logs of a filter in the fewest steps, within a range of times.
#pragma once

#include "analytics/store/sqlite/log_conditions.hpp"
#include "analytics/store/sqlite/statement_cache.hpp"

namespace ccproxy::analytics {

struct LogPath {
    const char* index = nullptr;  ///< To be named by INDEXED BY; gives a range of request_at.
    bool in_order = true;         ///< Of request_at; else SQLite would have to sort.
    bool is_covering = false;  ///< Tells by itself whether a log fits: a whole day of it costs less
                               ///< than finding out by the roll-ups in which hours there are some.
    Conditions conditions;     ///< That the index answers; all logs of the filter fulfil them.
};

/// Within the caller's snapshot.
LogPath path_of(StatementCache& statements, const LogFilter& filter);

}  // namespace ccproxy::analytics
