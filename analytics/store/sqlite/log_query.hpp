// Pages of request_logs: filters and sorting as SQL.
#pragma once

#include <SQLiteCpp/Database.h>

#include <optional>
#include <string>

#include "analytics/store/sqlite/statement_cache.hpp"
#include "analytics/store/store.hpp"
#include "analytics/time/day_zone.hpp"

namespace ccproxy::analytics {

/// See StoreReader. The rows and their total are of one instant. A NULL sorts below every value.
/// `zone` is the one of the roll-ups.
Result<LogPage> read_log_page(StatementCache& statements, const DayZone& zone,
                              const LogFilter& filter, const PageRequest& page);

std::optional<RequestLog> read_log(SQLite::Database& database, const std::string& id);

}  // namespace ccproxy::analytics
