// The proxy's configuration as plain structs, read and checked once at start.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/bus_address.hpp"
#include "common/config_source.hpp"
#include "common/net/address_set.hpp"
#include "common/net/tls_server.hpp"
#include "proxy/accounts/account.hpp"
#include "proxy/accounts/failover.hpp"
#include "proxy/admin/admin_config.hpp"
#include "proxy/bus/curve.hpp"
#include "proxy/client_connection.hpp"
#include "proxy/openai/request.hpp"

namespace ccproxy {

struct ListenConfig {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8080;  ///< 0 lets the system choose.
    bool operator==(const ListenConfig&) const = default;
};

/// Each phase of a request has its own limit; none is on a response as a whole.
struct TimeoutConfig {
    using milliseconds = std::chrono::milliseconds;
    /// From a head's first byte, or from accept, to its last; and of a TLS handshake.
    milliseconds client_head{30'000};
    milliseconds client_idle{120'000};    ///< Between two requests of one connection.
    milliseconds client_body{60'000};     ///< Silence of the client while its body is awaited.
    milliseconds client_write{300'000};   ///< The client takes nothing of what is sent to it.
    milliseconds connect{10'000};         ///< TCP and TLS towards an upstream.
    milliseconds upstream_send{60'000};   ///< The upstream takes nothing of the request.
    milliseconds first_byte{600'000};     ///< From the request's end to the head of the answer.
    milliseconds upstream_idle{600'000};  ///< Silence in the middle of an answer.
    bool operator==(const TimeoutConfig&) const = default;
};

struct LimitConfig {
    std::size_t max_head_bytes = 64 * 1024;
    std::size_t max_body_bytes = 32 * 1024 * 1024;
    std::size_t max_connections = 10'000;
    std::size_t max_connections_per_address = 2'000;  ///< 0: no limit.
    /// Unknown keys of one address; then it gets 429 for them until its minute is over. 0: no
    /// limit.
    std::size_t max_failed_keys_per_minute = 60;
    /// Request bodies held at one time, over all connections.
    std::size_t max_buffered_bytes = std::size_t{1} << 30;
    bool operator==(const LimitConfig&) const = default;
};

struct JournalConfig {
    std::int64_t max_bytes = std::int64_t{1} << 30;
    std::chrono::milliseconds sync_interval{200};  ///< 0: before a response ends.
    std::chrono::milliseconds retain{0};           ///< Acknowledged events stay for this long.
    bool operator==(const JournalConfig&) const = default;
};

/// What is kept of conversations, for tokens that have it switched on.
struct ConversationConfig {
    std::size_t max_bytes = 4 * 1024 * 1024;  ///< Of one conversation in its event.
    /// Held at one time until their answers end, over all connections.
    std::size_t max_held_bytes = 256 * 1024 * 1024;
    bool operator==(const ConversationConfig&) const = default;
};

struct ProxyConfig {
    ListenConfig listen;
    std::optional<net::TlsFiles> tls;  ///< Of `listen`; absent: plain HTTP.
    net::AddressSet trusted_proxies;   ///< Whose X-Forwarded-For says whose request it is.
    std::string name;       ///< Of this proxy, in rows and status; the host's name by default.
    std::string state_dir;  ///< Journal and token registry.
    std::size_t workers = 1;
    std::vector<accounts::AccountConfig> accounts;
    accounts::FailoverConfig failover;
    std::optional<AdminConfig> admin;  ///< Absent: there is no admin listener.
    std::optional<DrainLimits> drain;  ///< `on_client_abort: drain`; absent for `cancel`.
    TimeoutConfig timeouts;
    LimitConfig limits;
    ConversationConfig conversations;
    JournalConfig journal;
    openai::Settings openai;
    BusAddresses bus;                 ///< analyticsd's.
    std::optional<bus::Curve> curve;  ///< `bus.curve`: absent without.
    std::chrono::milliseconds shutdown_grace{30'000};
    std::string log_level = "info";
};

/// Reads everything; what does not fit is among the source's problems.
ProxyConfig read_proxy_config(ConfigSource& source);

/// The keys that differ and that a running proxy cannot take over: all but `accounts`, `failover`
/// and the files of `tls`. Those that belong together are named by what they have in common.
std::vector<std::string> keys_for_restart(const ProxyConfig& running, const ProxyConfig& fresh);

}  // namespace ccproxy
