// What analyticsd keeps, as operations of the domain. SQLite stands behind it today; a second
// database will pass the same conformance suite. Nothing here knows SQL, and nothing outside the
// store's own folder does.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "analytics/store/compression.hpp"
#include "analytics/store/conversation_walk.hpp"
#include "analytics/store/conversations.hpp"
#include "analytics/store/daily_usage.hpp"
#include "analytics/store/jobs.hpp"
#include "analytics/store/log_walk.hpp"
#include "analytics/store/retention.hpp"
#include "analytics/store/search.hpp"
#include "analytics/store/stats.hpp"
#include "common/result.hpp"
#include "proto/control.hpp"
#include "proto/event.hpp"

namespace ccproxy::analytics {

/// An event with its price. Cost is in nano US dollars; absent when the model has no price or no
/// usage is known.
struct PricedEvent {
    Event event;
    std::optional<std::int64_t> cost_nano_usd;
};

/// An event that could not be decoded, kept as it came with the reason.
struct RejectedEvent {
    std::string payload;
    std::string reason;
};

/// What the bytes of an event turned out to be.
using EventContent = std::variant<PricedEvent, RejectedEvent>;

/// One place in a proxy's sequence.
struct IngestItem {
    std::string proxy_id;
    std::uint64_t seq = 0;
    EventContent content;
    std::int64_t received_at_ms = 0;
    /// The proxy's journal has lost its end, so its numbers go back to this seq: it is taken
    /// although the watermark is higher. Ids still keep every event from being stored twice.
    bool rewinds = false;
};

/// What became of a batch.
struct AppendReport {
    std::uint64_t rows = 0;           ///< Request logs added.
    std::uint64_t duplicate_ids = 0;  ///< Events whose id was stored before.
    std::uint64_t ignored = 0;        ///< Items at or below their proxy's watermark.
    std::map<std::string, std::uint64_t> quarantined;  ///< proxy_id to events kept aside.
    std::uint64_t discarded = 0;                       ///< Events thrown out of a full quarantine.
    std::uint64_t conversations = 0;                   ///< Stored, also in part.
    std::uint64_t conversations_damaged = 0;  ///< Of them, those of which parts were not readable.
    /// proxy_id to those of them without the beginning that they continue, which is not there.
    std::map<std::string, std::uint64_t> conversations_cut;
    std::uint64_t conversations_dropped = 0;  ///< Not wanted by their token or the configuration.
};

/// What the quarantine may hold; beyond either the oldest events go.
struct QuarantineLimits {
    std::int64_t max_rows = 100'000;
    std::int64_t max_bytes = std::int64_t{1} << 30;  ///< Of payloads.
};

/// An event that is kept aside since it could not be stored.
struct QuarantinedEvent {
    std::int64_t id = 0;  ///< Never given to another event.
    std::string proxy_id;
    std::uint64_t seq = 0;
    std::int64_t received_at_ms = 0;
    std::string reason;
    std::string payload;     ///< Any bytes.
    std::int64_t bytes = 0;  ///< Size of the payload as it came.
    bool truncated = false;  ///< Less than that is kept, so that it cannot be read again.
};

/// A list shows no more of each payload.
inline constexpr std::size_t max_listed_payload_bytes = 4096;

struct QuarantineQuery {
    std::optional<std::string> proxy_id;
    std::int64_t limit = 50;
    std::string cursor;  ///< From the page before.
};

struct QuarantinePage {
    std::vector<QuarantinedEvent> events;  ///< The newest first.
    std::int64_t total = 0;                ///< Over all pages.
    std::string next_cursor;               ///< Empty on the last page.
};

/// What became of a quarantined event that was tried again.
struct RetryReport {
    /// It is a request log now, or was one already, and has left the quarantine.
    bool stored = false;
    bool was_known = false;  ///< Its id was stored before.
    std::string reason;      ///< Why it is still there; empty when it is stored.
};

/// One row of request_logs; times are Unix milliseconds UTC, absent values are null in the API.
struct RequestLog {
    Event event;
    std::string proxy_id;
    std::optional<std::int64_t> cost_nano_usd;
};

enum class SortField { request_at, duration_ms, ttft_ms, total_tokens, cost, status_code };

/// `cursor` comes from the page before and wins over `page`; it is opaque, and bound to its sort
/// and order.
struct PageRequest {
    std::int64_t page = 0;
    std::int64_t limit = 50;
    SortField sort = SortField::request_at;
    bool ascending = false;
    std::string cursor;
};

struct LogPage {
    std::vector<RequestLog> logs;
    std::int64_t total = 0;      ///< Rows that fit the filter, over all pages.
    bool total_is_exact = true;  ///< Else there are at least so many.
    std::string next_cursor;     ///< Empty on the last page.
};

/// A token as people see it: never its key.
struct TokenInfo {
    std::string id, name, mode;
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> expires_at_ms, revoked_at_ms, last_used_at_ms;
    bool conversation_logging = false;
    TokenLimits limits;
    std::int64_t total_requests = 0;
    std::int64_t total_tokens_used = 0;
};

struct NewToken {
    std::string id;
    Sha256 key_sha256{};
    std::string name, mode;
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> expires_at_ms;
};

/// A limit's new value, which may be none; without it the limit stays.
using LimitChange = std::optional<std::optional<std::int64_t>>;

/// What is to change of a token; what is absent stays.
struct TokenSettings {
    std::optional<bool> conversation_logging{};
    LimitChange requests_per_minute{}, max_concurrent_requests{}, tokens_per_day{};
};

/// What a change of tokens means for the proxies: nothing when the token was as asked for already.
struct TokenChange {
    std::optional<RegistryChange> registry;
};

struct StorageSizes {
    std::int64_t database_bytes = 0, wal_bytes = 0;
    std::int64_t free_bytes = 0;  ///< The part of database_bytes that holds nothing.
    std::int64_t request_logs = 0;
    std::int64_t conversations = 0;
    std::int64_t content_bytes = 0;         ///< Of their messages, each counted once.
    std::int64_t content_stored_bytes = 0;  ///< What those take, deflated or in packs.
    std::int64_t quarantined = 0, quarantined_bytes = 0;
    std::int64_t discarded = 0;  ///< Events thrown out of a full quarantine, ever.
    int schema_version = 0;
};

/// When the conversations of a batch, and those before them, are found by a search.
enum class Indexing { at_once, later };

/// What a checkpoint left in the write-ahead log since readers still use it; 0 when it took all.
struct CheckpointReport {
    std::int64_t held_back_bytes = 0;
};

/// The one writer. Used by one thread at a time (the writer thread). Throws std::runtime_error when
/// the database fails; every operation is one transaction, so a throw leaves nothing behind.
class StoreWriter : public CompressionWriter,
                    public ConversationWriter,
                    public JobWriter,
                    public RetentionWriter,
                    public SearchWriter,
                    public StatsWriter {
  public:
    ~StoreWriter() override = default;

    /// Rows, roll-ups, quarantine and the proxies' watermarks, in one transaction. When it returns,
    /// the batch survives a power cut. An event whose id is known already is not stored again. A
    /// poison event is quarantined, the rest goes on.
    virtual AppendReport append(const std::vector<IngestItem>& batch, Indexing indexing) = 0;
    AppendReport append(const std::vector<IngestItem>& batch) {
        return append(batch, Indexing::at_once);
    }
    /// Moves the watermarks on as append() would, but stores nothing.
    virtual void discard(const std::vector<IngestItem>& batch) = 0;
    /// proxy_id to the seq up to which all is stored.
    virtual std::map<std::string, std::uint64_t> watermarks() = 0;

    using Decode = std::function<EventContent(std::string_view payload)>;
    /// Gives a quarantined event another chance. `decode` reads its payload; what can be stored is
    /// stored as by append(), but for the watermark, and leaves the quarantine in the same
    /// transaction. What cannot stays, with the new reason. Nothing when there is no such event.
    virtual std::optional<RetryReport> retry_quarantined(std::int64_t id, const Decode& decode) = 0;
    /// False when there is no such event.
    virtual bool delete_quarantined(std::int64_t id) = 0;

    virtual RegistrySnapshot registry() = 0;
    /// Throws also when the id or the key is taken.
    virtual TokenChange add_token(const NewToken& token) = 0;
    /// Fails when there is no such token.
    virtual Result<TokenChange> revoke_token(const std::string& id, std::int64_t now_ms) = 0;
    /// Fails when there is no such token.
    virtual Result<TokenChange> change_token_settings(const std::string& id,
                                                      const TokenSettings& settings) = 0;

    /// Moves what the write-ahead log holds into the database as far as readers allow, without
    /// waiting for them.
    virtual CheckpointReport checkpoint() = 0;
};

/// One reader; any number may exist, each used by one thread at a time. Throws like StoreWriter.
class StoreReader : public CompressionReader,
                    public ConversationReader,
                    public DailyUsageReader,
                    public JobReader,
                    public LogWalkReader,
                    public ConversationWalkReader,
                    public SearchReader,
                    public StatsReader {
  public:
    ~StoreReader() override = default;

    /// Fails when the cursor is malformed or belongs to another sort.
    virtual Result<LogPage> request_logs(const LogFilter& filter, const PageRequest& page) = 0;
    virtual std::optional<RequestLog> request_log(const std::string& id) = 0;
    virtual std::vector<TokenInfo> tokens() = 0;
    virtual std::optional<TokenInfo> token_by_key(const Sha256& key_sha256) = 0;
    /// Fails when the cursor is malformed.
    virtual Result<QuarantinePage> quarantine(const QuarantineQuery& query) = 0;
    virtual std::optional<QuarantinedEvent> quarantined(std::int64_t id) = 0;
    virtual StorageSizes sizes() = 0;
};

}  // namespace ccproxy::analytics
