// A walk over request_logs along one of its indexes.
#pragma once

#include <SQLiteCpp/Database.h>

#include <functional>

#include "analytics/store/store.hpp"

namespace ccproxy::analytics {

/// See LogWalkReader. Places are rowids, which are given in the order in which rows are stored.
LogWalk begin_log_walk(SQLite::Database& database, const LogFilter& filter);
void step_log_walk(SQLite::Database& database, LogWalk& walk, std::int64_t max_logs,
                   const std::function<void(const RequestLog&)>& visit);

}  // namespace ccproxy::analytics
