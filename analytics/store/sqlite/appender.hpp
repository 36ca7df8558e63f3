// Writes a batch of events: rows, conversations and, unless that is left for later, their index,
// roll-ups, token totals, quarantine and watermarks, in one transaction.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <map>
#include <string>
#include <vector>

#include "analytics/store/sqlite/conversation_table.hpp"
#include "analytics/store/sqlite/log_table.hpp"
#include "analytics/store/sqlite/quarantine.hpp"
#include "analytics/store/sqlite/roll_up.hpp"
#include "analytics/store/sqlite/search_index.hpp"
#include "analytics/store/store.hpp"
#include "analytics/time/day_zone.hpp"

namespace ccproxy::analytics {

/// Used by the thread of its connection. Keeps no state between batches but prepared statements and
/// the ids of groups that are committed, so that a batch that failed leaves nothing behind in
/// memory either.
class Appender {
  public:
    /// Database and zone must outlive it.
    Appender(SQLite::Database& database, const DayZone& zone, QuarantineLimits limits,
             ConversationOptions conversations = {});

    /// See StoreWriter.
    AppendReport append(const std::vector<IngestItem>& batch, Indexing indexing);
    void index_conversations();
    void discard(const std::vector<IngestItem>& batch);
    std::optional<RetryReport> retry(std::int64_t id, const StoreWriter::Decode& decode);
    bool delete_quarantined(std::int64_t id);

  private:
    struct Progress {
        std::uint64_t watermark = 0;
        std::int64_t received = 0, quarantined = 0;
        std::int64_t seen_at_ms = 0;
    };
    struct TokenUse {
        std::int64_t requests = 0, tokens = 0, last_used_at_ms = 0;
    };
    /// What a batch adds up to while its rows are written.
    struct Batch {
        explicit Batch(const DayZone& zone) : roll_up(zone) {}
        AppendReport report;
        RollUp roll_up;
        std::map<std::string, Progress> proxies;
        std::map<std::string, TokenUse> tokens;
        std::int64_t received_at_ms = 0;  ///< The newest; 0 when nothing was received.
    };

    Progress& progress_of(const std::string& proxy_id, Batch& batch);
    bool is_next(const IngestItem& item, Batch& batch);
    void store_all(const std::vector<IngestItem>& items, Batch& batch);
    void store_together(const std::vector<const IngestItem*>& items, Batch& batch);
    void store(const IngestItem& item, Batch& batch);
    std::optional<std::string> store_event(const std::string& proxy_id, const PricedEvent& priced,
                                           Batch& batch);
    void note_added(const std::string& proxy_id, const PricedEvent& priced, Batch& batch);
    void store_conversation(const std::string& proxy_id, const Event& event, Batch& batch);
    void quarantine(const IngestItem& item, const std::string& payload, const std::string& reason,
                    Batch& batch);
    void write_sums(const Batch& batch);
    void write_progress(const Batch& batch);

    SQLite::Database& database_;
    const DayZone& zone_;
    LogTable logs_;
    SQLite::Statement select_watermark_, upsert_proxy_;
    RollUpTables roll_ups_;
    SQLite::Statement update_token_, add_count_;
    ConversationTable conversations_;
    SearchIndex search_;
    QuarantineTable quarantine_;
};

}  // namespace ccproxy::analytics
