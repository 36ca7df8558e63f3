// How analyticsd fares right now, as plain values that any thread may take a copy of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/account_report.hpp"

namespace ccproxy::analytics {

/// The delivery from one proxy. Counts are since the start of this analyticsd unless they say
/// otherwise.
struct ProxyStatus {
    std::string proxy_id;
    std::string program_version;       ///< Empty until the proxy said hello to this analyticsd.
    bool connected = false;            ///< Has been heard of within the last few seconds.
    std::int64_t last_seen_at_ms = 0;  ///< Unix time; 0 when not since the start.
    std::uint64_t watermark = 0;       ///< The seq up to which all events are in the database.
    std::uint64_t next_seq = 1;     ///< The seq the proxy's next event will get, as far as known.
    std::uint64_t lag = 0;          ///< Events that the proxy has and the database has not.
    std::int64_t lag_ms = 0;        ///< For how long the oldest of them has been known of here.
    std::uint64_t received = 0;     ///< Events taken in their order.
    std::uint64_t duplicates = 0;   ///< Events that came again and were ignored.
    std::uint64_t gaps = 0;         ///< Times that an event came before its turn.
    std::uint64_t resumes = 0;      ///< Times that the proxy was asked to send again.
    std::uint64_t rewinds = 0;      ///< Times that the proxy journal had lost its end.
    std::uint64_t quarantined = 0;  ///< Events kept aside since they could not be stored.
    std::uint64_t lost = 0;         ///< Events that the proxy's journal no longer held.
    std::uint64_t dropped = 0;      ///< Events the proxy could not journal, ever, by its own count.
    std::vector<AccountReport> accounts;   ///< As the proxy last told of them.
    std::int64_t accounts_told_at_ms = 0;  ///< Unix time; 0 when it has not.
};

/// The way from the bus into the database.
struct IngestStatus {
    std::uint64_t queue_events = 0;  ///< Received, not yet in the database.
    std::uint64_t queue_bytes = 0;   ///< What they take in memory.
    std::uint64_t capacity_events = 0;
    std::uint64_t capacity_bytes = 0;
    std::uint64_t batches = 0;                ///< Committed since the start.
    std::uint64_t rows = 0;                   ///< Request logs added since the start.
    std::uint64_t duplicates = 0;             ///< Events that were in the database already.
    std::uint64_t quarantined = 0;            ///< Events kept aside since the start.
    std::uint64_t conversations = 0;          ///< Stored since the start, also in part.
    std::uint64_t conversations_damaged = 0;  ///< Of them, those with parts that were not readable.
    /// Of them, those without their beginning, which was deleted, or never stored.
    std::uint64_t conversations_cut = 0;
    /// Dropped since the start, since their token or the configuration did not want them.
    std::uint64_t conversations_dropped = 0;
    /// Tries that failed; each batch is tried until it succeeds.
    std::uint64_t failed_batches = 0;
    std::uint64_t rests = 0;  ///< Times that batches were left waiting on a full machine.
    std::int64_t last_commit_at_ms = 0;    ///< Unix time; 0 when there was none since the start.
    std::int64_t wal_held_back_bytes = 0;  ///< What the last checkpoint left since readers used it.
    std::string last_error;                ///< Empty while the last write succeeded.
    bool storing = true;  ///< False when `logging.enabled` is off: events are discarded.
};

struct SystemStatus {
    std::string instance_id;  ///< New at every start.
    std::string version;
    std::int64_t started_at_ms = 0;
    bool ready = false;  ///< All sockets are bound and the last write succeeded.
    IngestStatus ingest;
    std::uint64_t malformed_messages = 0;  ///< Messages on the bus that could not be read.
    std::uint64_t unannounced_events = 0;  ///< Ignored: their proxy had not said hello yet.
    std::uint64_t refused_proxies = 0;     ///< Hellos beyond the number of proxies that are served.
    std::uint64_t refused_keys = 0;        ///< Connections to the bus whose key is not listed.
    std::uint64_t forged_messages = 0;     ///< Ignored: of another proxy than the key's.
    std::uint64_t rests = 0;           ///< Times that events were left waiting on a full machine.
    std::vector<ProxyStatus> proxies;  ///< By proxy_id.
};

}  // namespace ccproxy::analytics
