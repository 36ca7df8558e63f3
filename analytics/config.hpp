// What analyticsd can be told, as plain values: the one place that names its configuration's keys,
// defaults and limits.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "analytics/bus/curve.hpp"
#include "analytics/pricing/price_table.hpp"
#include "analytics/store/store.hpp"
#include "common/bus_address.hpp"
#include "common/config_source.hpp"
#include "common/net/address_set.hpp"
#include "common/net/tls_server.hpp"

namespace ccproxy::analytics {

struct ServerConfig {
    std::string listen_host = "127.0.0.1";  ///< `server.listen` is host:port.
    std::uint16_t listen_port = 8081;
    int threads = 4;                   ///< That answer HTTP calls.
    std::optional<net::TlsFiles> tls;  ///< `server.tls`; absent: plain HTTP.
};

struct LimitConfig {
    std::size_t max_connections = 1000;             ///< Of the API.
    std::size_t max_connections_per_address = 200;  ///< 0: no limit.
    /// Wrong keys of one address; then it is refused until its minute is over. 0: no limit.
    std::size_t max_failed_keys_per_minute = 30;
};

struct LoggingConfig {
    bool enabled = true;  ///< Off: events are taken and acknowledged, and nothing of them is kept.
    std::size_t buffer_size = 10'000;  ///< Events in memory between the bus and the database.
    std::size_t batch_size = 100;      ///< A batch is written when it has so many events,
    std::chrono::milliseconds flush_interval{200};  ///< or is so old.
    std::int64_t retention_days = 0;  ///< Request logs are deleted after; 0 keeps them for ever.
};

/// `stats.aggregation_enabled`, `stats.aggregation_interval`: the regular repair of the figures.
struct AggregationConfig {
    bool enabled = true;
    std::chrono::milliseconds interval = std::chrono::hours(24);
};

struct ConversationsConfig {
    bool enabled = true;  ///< Off: what was said is never kept, whatever a token's setting.
    std::int64_t compress_after_days = 7;
    std::int64_t retention_days = 0;  ///< 0: for ever.
};

struct Config {
    ServerConfig server;
    LimitConfig limits;
    net::AddressSet trusted_proxies;  ///< Whose X-Forwarded-For says whose request it is.
    std::string admin_key;            ///< A secret; at least 16 characters.
    std::string database_path = "/var/lib/analyticsd/ccproxy.db";
    BusAddresses bus;
    std::optional<BusCurve> curve;  ///< `bus.curve`: absent without.
    LoggingConfig logging;
    ConversationsConfig conversations;
    QuarantineLimits quarantine;   ///< `quarantine.max_rows`, `quarantine.max_bytes`.
    std::string timezone = "UTC";  ///< `stats.timezone`: which day a request counts for.
    AggregationConfig aggregation;
    PriceTable prices = PriceTable::built_in();
    std::string log_level = "info";
};

/// Reads everything; what does not fit is noted in `source`, whose problems() the caller looks at.
Config read_config(ConfigSource& source);

}  // namespace ccproxy::analytics
