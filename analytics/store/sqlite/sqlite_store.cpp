#include "analytics/store/sqlite/sqlite_store.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <sys/stat.h>

#include <stdexcept>

#include "analytics/store/sqlite/active_count.hpp"
#include "analytics/store/sqlite/appender.hpp"
#include "analytics/store/sqlite/compression.hpp"
#include "analytics/store/sqlite/connection.hpp"
#include "analytics/store/sqlite/conversation_query.hpp"
#include "analytics/store/sqlite/conversation_removal.hpp"
#include "analytics/store/sqlite/conversation_walk.hpp"
#include "analytics/store/sqlite/daily_usage.hpp"
#include "analytics/store/sqlite/job_table.hpp"
#include "analytics/store/sqlite/log_query.hpp"
#include "analytics/store/sqlite/log_walk.hpp"
#include "analytics/store/sqlite/meta.hpp"
#include "analytics/store/sqlite/migrate.hpp"
#include "analytics/store/sqlite/quarantine.hpp"
#include "analytics/store/sqlite/retention.hpp"
#include "analytics/store/sqlite/roll_up_check.hpp"
#include "analytics/store/sqlite/roll_up_rebuild.hpp"
#include "analytics/store/sqlite/search_index.hpp"
#include "analytics/store/sqlite/search_query.hpp"
#include "analytics/store/sqlite/stats_query.hpp"
#include "analytics/store/sqlite/token_table.hpp"
#include "analytics/store/sqlite/weeks.hpp"
#include "common/uuid.hpp"

namespace ccproxy::analytics {
namespace {

/// Migrated before anything else is prepared against its tables.
SQLite::Database open_migrated(const std::string& path, std::int64_t now_ms) {
    SQLite::Database database = open_for_writing(path);
    allow_release(database);
    migrate(database, known_migrations(), now_ms);
    index_conversations(database);
    return database;
}

class SqliteWriter final : public StoreWriter {
  public:
    SqliteWriter(const std::string& path, const DayZone& zone, const Clock& clock,
                 QuarantineLimits quarantine, ConversationOptions conversations)
        : clock_(clock),
          zone_(zone),
          database_(open_migrated(path, clock.unix_ms())),
          appender_(database_, zone_, quarantine, conversations) {
        SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
        for (const char* key : {"database_id", "registry_version"}) {
            if (!read_meta(database_, key)) write_meta(database_, key, new_uuid());
        }
        const std::optional<std::string> kept_zone = read_meta(database_, "stats_timezone");
        move_old_roll_ups(database_, kept_zone ? DayZone::find(*kept_zone).value() : zone_);
        if (kept_zone && *kept_zone != zone_.name()) rebuild_roll_ups(database_, zone_);
        if (kept_zone != zone_.name()) write_meta(database_, "stats_timezone", zone_.name());
        transaction.commit();
        while (sum_up_week()) {
        }
    }

    AppendReport append(const std::vector<IngestItem>& batch, Indexing indexing) override {
        return appender_.append(batch, indexing);
    }
    void discard(const std::vector<IngestItem>& batch) override { appender_.discard(batch); }

    std::map<std::string, std::uint64_t> watermarks() override {
        SQLite::Statement row(database_, "SELECT proxy_id, watermark FROM proxies");
        std::map<std::string, std::uint64_t> watermarks;
        while (row.executeStep()) {
            watermarks[row.getColumn(0).getString()] =
                static_cast<std::uint64_t>(row.getColumn(1).getInt64());
        }
        return watermarks;
    }

    std::optional<RetryReport> retry_quarantined(std::int64_t id, const Decode& decode) override {
        return appender_.retry(id, decode);
    }
    bool delete_quarantined(std::int64_t id) override { return appender_.delete_quarantined(id); }

    bool write_pack(const MessagePack& pack) override {
        return analytics::write_pack(database_, pack);
    }

    bool delete_conversation(const std::string& id) override {
        return analytics::delete_conversation(database_, id);
    }
    std::int64_t delete_conversations_of_token(const std::string& token_id,
                                               std::int64_t max_rows) override {
        return analytics::delete_conversations_of_token(database_, token_id, max_rows);
    }
    std::int64_t delete_conversations_before(std::int64_t before_ms,
                                             std::int64_t max_rows) override {
        return analytics::delete_conversations_before(database_, before_ms, max_rows);
    }
    std::int64_t collect_conversation_garbage(std::int64_t max_steps) override {
        return analytics::collect_conversation_garbage(database_, max_steps);
    }

    RegistrySnapshot registry() override { return read_registry(database_); }
    TokenChange add_token(const NewToken& token) override {
        return analytics::add_token(database_, token, new_uuid());
    }
    Result<TokenChange> revoke_token(const std::string& id, std::int64_t now_ms) override {
        return analytics::revoke_token(database_, id, now_ms, new_uuid());
    }
    Result<TokenChange> change_token_settings(const std::string& id,
                                              const TokenSettings& settings) override {
        return analytics::change_token_settings(database_, id, settings, new_uuid());
    }

    void save_job(const JobRecord& record) override { analytics::save_job(database_, record); }

    std::int64_t purge_request_logs(std::int64_t before_ms, std::int64_t max_rows) override {
        return analytics::purge_request_logs(database_, before_ms, max_rows);
    }
    void index_conversations() override { appender_.index_conversations(); }
    bool compact_search(std::int64_t max_pages) override {
        return analytics::compact_search(database_, max_pages);
    }
    std::int64_t release_space(std::int64_t max_bytes) override {
        return analytics::release_space(database_, max_bytes);
    }

    bool repair_roll_ups(RollUpCheck& check, std::size_t first, std::size_t count) override {
        return analytics::repair_roll_ups(database_, check, first, count);
    }
    bool sum_up_week() override {
        return analytics::sum_up_week(database_, zone_.day_number(clock_.unix_ms()));
    }

    CheckpointReport checkpoint() override {
        SQLite::Statement row(database_, "PRAGMA wal_checkpoint(PASSIVE)");
        if (!row.executeStep()) return {};
        const std::int64_t pages = row.getColumn(1).getInt64() - row.getColumn(2).getInt64();
        return {pages * read_page_size()};
    }

  private:
    std::string new_uuid() { return uuids_.next(clock_.unix_ms()); }
    std::int64_t read_page_size() { return read_integer(database_, "PRAGMA page_size"); }

    const Clock& clock_;
    const DayZone zone_;
    UuidV7Generator uuids_;
    SQLite::Database database_;
    Appender appender_;
};

std::int64_t file_bytes(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_size : 0;
}

class SqliteReader final : public StoreReader {
  public:
    explicit SqliteReader(const std::string& path)
        : database_(open_for_reading(path)), statements_(database_) {}

    Result<LogPage> request_logs(const LogFilter& filter, const PageRequest& page) override {
        return read_log_page(statements_, stats_zone(), filter, page);
    }
    std::optional<RequestLog> request_log(const std::string& id) override {
        return read_log(database_, id);
    }
    std::vector<TokenInfo> tokens() override { return read_tokens(database_); }
    std::optional<TokenInfo> token_by_key(const Sha256& key_sha256) override {
        return read_token(database_, key_sha256);
    }
    std::optional<MessagePack> next_pack(std::int64_t before_ms) override {
        return analytics::next_pack(database_, before_ms);
    }
    Result<ConversationPage> conversations(const ConversationFilter& filter,
                                           const ConversationPageRequest& page) override {
        return read_conversation_page(database_, filter, page);
    }
    std::optional<ConversationDetail> conversation(const std::string& id) override {
        return read_conversation(database_, id);
    }
    Result<QuarantinePage> quarantine(const QuarantineQuery& query) override {
        return read_quarantine_page(database_, query);
    }
    std::optional<QuarantinedEvent> quarantined(std::int64_t id) override {
        return read_quarantined(database_, id);
    }
    ConversationWalk begin_conversation_walk(const ConversationFilter& filter) override {
        return analytics::begin_conversation_walk(database_, filter);
    }
    std::optional<ConversationDetail> next_conversation(ConversationWalk& walk) override {
        return analytics::next_conversation(database_, walk);
    }
    LogWalk begin_log_walk(const LogFilter& filter) override {
        return analytics::begin_log_walk(database_, filter);
    }
    void step_log_walk(LogWalk& walk, std::int64_t max_logs,
                       const std::function<void(const RequestLog&)>& visit) override {
        analytics::step_log_walk(database_, walk, max_logs, visit);
    }
    Result<SearchPage> search_conversations(const SearchRequest& request) override {
        return analytics::search_conversations(database_, request);
    }
    DayOfTokens day_of_tokens(std::int64_t unix_ms) override {
        return read_day_of_tokens(database_, stats_zone(), unix_ms);
    }
    std::vector<JobRecord> jobs() override { return read_jobs(database_); }
    StorageSizes sizes() override {
        const auto value = [&](const char* sql) { return read_integer(database_, sql); };
        const auto counter = [&](const char* name) {
            return read_integer(
                database_, std::string("SELECT value FROM counters WHERE name = '") + name + "'");
        };
        const std::int64_t page_bytes = value("PRAGMA page_size");
        StorageSizes sizes;
        sizes.database_bytes = value("PRAGMA page_count") * page_bytes;
        sizes.wal_bytes = file_bytes(database_.getFilename() + "-wal");
        sizes.free_bytes = value("PRAGMA freelist_count") * page_bytes;
        sizes.request_logs = counter("request_logs");
        sizes.conversations = counter("conversations");
        sizes.content_bytes = counter("content_bytes");
        sizes.content_stored_bytes = counter("content_stored_bytes");
        sizes.quarantined = counter("quarantined");
        sizes.quarantined_bytes = counter("quarantined_bytes");
        sizes.discarded = counter("quarantine_discarded");
        sizes.schema_version = schema_version(database_);
        return sizes;
    }

    const DayZone& stats_zone() override {
        if (!zone_) {
            const std::string name = read_meta(database_, "stats_timezone").value_or("UTC");
            zone_ = DayZone::find(name).value();
        }
        return *zone_;
    }
    Result<StatsTable> stats(const StatsQuery& query) override {
        return read_stats(statements_, stats_zone(), query);
    }
    ActiveCount count_active(std::int64_t from_ms, std::int64_t to_ms) override {
        return analytics::count_active(statements_, stats_zone(), from_ms, to_ms);
    }
    std::int64_t logs_purged_before_ms() override { return read_logs_purged_before_ms(database_); }
    std::optional<std::int64_t> next_day_with_data(std::int64_t day, std::int64_t end) override {
        return analytics::next_day_with_data(database_, stats_zone(), day, end);
    }
    RollUpCheck check_hour(const LocalHour& hour) override {
        return analytics::check_hour(database_, stats_zone(), hour);
    }
    RollUpCheck check_day(std::int64_t day) override {
        return analytics::check_day(database_, stats_zone(), day);
    }
    RollUpCheck check_week(std::int64_t day) override {
        return analytics::check_week(database_, stats_zone(), day);
    }

  private:
    SQLite::Database database_;
    StatementCache statements_;
    std::optional<DayZone> zone_;  ///< Read when it is first asked for.
};

}  // namespace

std::unique_ptr<StoreWriter> open_sqlite_writer(const std::string& path, const DayZone& zone,
                                                const Clock& clock, QuarantineLimits quarantine,
                                                ConversationOptions conversations) {
    return std::make_unique<SqliteWriter>(path, zone, clock, quarantine, conversations);
}

std::unique_ptr<StoreReader> open_sqlite_reader(const std::string& path) {
    return std::make_unique<SqliteReader>(path);
}

}  // namespace ccproxy::analytics
