// Puts rows into request_logs.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "analytics/store/store.hpp"

namespace ccproxy::analytics {

/// What became of a row.
struct LogOutcome {
    bool added = false;                  ///< Otherwise its id is there already, or it is refused.
    std::optional<std::string> refusal;  ///< Why the table does not take it.
};

/// Used by the thread of its connection, in a transaction. What is not a row's own fault (disk
/// full, I/O, memory) is thrown.
class LogTable {
  public:
    /// For each statement SQLite sets up a cursor for the table and each of its indexes, which
    /// takes as long as inserting half a row. More rows than these gain no more.
    static constexpr std::size_t rows_together = 16;

    /// The database must outlive it.
    explicit LogTable(SQLite::Database& database);

    LogOutcome add(const std::string& proxy_id, const PricedEvent& priced);

    /// Adds rows_together events by one statement. False when the table refuses any of them or has
    /// its id already: then none is added, and each is to be tried alone.
    bool add_together(std::span<const IngestItem* const> items);

  private:
    SQLite::Database& database_;
    SQLite::Statement insert_one_, insert_together_;
};

}  // namespace ccproxy::analytics
