// Events that could not be stored: kept aside within bounds, shown, and let go.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <string>

#include "analytics/store/store.hpp"

namespace ccproxy::analytics {

/// The writing side. Used by the thread of its connection, within its caller's transactions.
class QuarantineTable {
  public:
    /// `database` must outlive it.
    QuarantineTable(SQLite::Database& database, QuarantineLimits limits);

    /// Keeps the event, unless the same bytes are there already under the same number.
    void add(const IngestItem& item, const std::string& payload, const std::string& reason);
    /// Throws the oldest events away until the bounds are kept, and gives their number. `added`
    /// events came since the last call. A table far beyond its bounds, which can only be since they
    /// were drawn closer, shrinks over several calls.
    std::uint64_t keep_bounds(std::uint64_t added);

    std::optional<QuarantinedEvent> find(std::int64_t id);
    void change_reason(std::int64_t id, const std::string& reason);
    /// False when there is no such event.
    bool erase(std::int64_t id);

  private:
    bool is_beyond_bounds();

    SQLite::Database& database_;
    const QuarantineLimits limits_;
    SQLite::Statement insert_;
};

/// See StoreReader. The newest first; payloads are cut at max_listed_payload_bytes.
Result<QuarantinePage> read_quarantine_page(SQLite::Database& database,
                                            const QuarantineQuery& query);

/// With all that is kept of its payload.
std::optional<QuarantinedEvent> read_quarantined(SQLite::Database& database, std::int64_t id);

}  // namespace ccproxy::analytics
