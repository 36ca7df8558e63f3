// The messages of the control socket: how a proxy and analyticsd agree on what has arrived and who
// may come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/hash.hpp"
#include "common/result.hpp"
#include "proto/account_report.hpp"

namespace ccproxy {

/// What may be done with a token; an absent value is no limit.
struct TokenLimits {
    std::optional<std::int64_t> requests_per_minute{};      ///< At each proxy.
    std::optional<std::int64_t> max_concurrent_requests{};  ///< At each proxy.
    std::optional<std::int64_t> tokens_per_day{};           ///< At all proxies together.

    bool operator==(const TokenLimits&) const = default;
};

/// The highest values that they take: a proxy remembers each request of a minute.
inline constexpr std::int64_t requests_per_minute_cap = 60'000;
inline constexpr std::int64_t concurrent_requests_cap = 1'000'000;
inline constexpr std::int64_t tokens_per_day_cap = 1'000'000'000'000'000;

/// What a proxy must know of a client key.
struct TokenEntry {
    std::string id;
    Sha256 key_sha256{};
    std::string name;
    std::string mode;  ///< `api`, `web` or `both`.
    std::optional<std::int64_t> expires_at_ms;
    bool revoked = false;
    bool conversation_logging = false;
    TokenLimits limits{};

    bool operator==(const TokenEntry&) const = default;
};

/// All tokens, revoked and expired ones included, so that a refusal can be recorded under its
/// token.
struct RegistrySnapshot {
    std::string version;  ///< Opaque; equal versions mean equal content.
    std::vector<TokenEntry> tokens;

    bool operator==(const RegistrySnapshot&) const = default;
};

// From a proxy to analyticsd.

/// First message of a connection, and again whenever the other side says `greet`.
struct Hello {
    std::string proxy_id;
    std::string program_version;
    std::uint64_t first_seq =
        0;  ///< Oldest event the journal still holds; next_seq when it holds none.
    std::uint64_t next_seq = 1;    ///< The seq the next event will get.
    std::string registry_version;  ///< Empty when the proxy has no registry.
    std::uint64_t dropped = 0;     ///< Events that could not be journalled, ever.
    std::uint64_t number = 0;      ///< Counts this proxy's hellos.
};

/// Sent every second, so that each side knows of the other, and so that lag is known.
struct Ping {
    std::string proxy_id;
    std::string instance_id;  ///< The analyticsd this proxy believes it talks to.
    std::uint64_t next_seq = 1;
    std::uint64_t dropped = 0;
    /// How the proxy's accounts fare; absent in most pings. At most max_reported_accounts.
    std::optional<std::vector<AccountReport>> accounts{};
};

// From analyticsd to a proxy.

/// Answer to a hello: send events from resume_seq on.
struct Welcome {
    std::string instance_id;         ///< New at every start of analyticsd.
    std::uint64_t hello_number = 0;  ///< Of the hello that it answers.
    std::uint64_t resume_seq = 1;
    std::optional<RegistrySnapshot> registry;  ///< Absent when the proxy has this version.
};

/// Events up to and including seq survive a power cut.
struct Ack {
    std::uint64_t seq = 0;
    /// Among them was a conversation whose beginning is not there: it was deleted, or never stored.
    /// What comes next must not continue anything sent so far.
    bool lost_beginning = false;
};

/// A gap was seen: send again from resume_seq on.
struct Resume {
    std::uint64_t resume_seq = 1;
};

/// Tokens that are new or have changed between two versions. A proxy with another version says
/// hello again.
struct RegistryChange {
    std::string from_version;
    std::string version;
    std::vector<TokenEntry> tokens;
};

/// Answer to a ping.
struct Pong {
    std::string instance_id;
    std::uint64_t resume_seq = 1;  ///< The event that is expected next.
    bool reading = true;  ///< False while the database is behind and events are left on the way.
};

/// The sender of the last message is not known here: say hello.
struct Greet {
    std::string instance_id;
};

/// Tokens used on one day.
struct TokenUsage {
    std::string token_id;
    std::int64_t tokens = 0;

    bool operator==(const TokenUsage&) const = default;
};

/// What the tokens with a daily limit have used today, at all proxies. Sent when it has changed, at
/// most once a second.
struct DailyUsage {
    std::int64_t ends_at_ms = 0;     ///< When the day ends, in Unix time.
    std::uint64_t counted_seq = 0;   ///< This proxy's events up to here are counted.
    std::vector<TokenUsage> tokens;  ///< Those that have used any.
};

using ControlMessage =
    std::variant<Hello, Ping, Welcome, Ack, Resume, RegistryChange, Pong, Greet, DailyUsage>;

std::string encode_control(const ControlMessage& message);
Result<ControlMessage> decode_control(std::string_view bytes);

/// A registry alone, as a proxy keeps it on disk.
std::string encode_registry(const RegistrySnapshot& registry);
Result<RegistrySnapshot> decode_registry(std::string_view bytes);

/// The largest control message that is taken: some 200,000 tokens.
inline constexpr std::size_t max_control_bytes = 64 * 1024 * 1024;

}  // namespace ccproxy
