// The record of one request: what a proxy knows of it when it has ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/conversation.hpp"

namespace ccproxy {

/// How good the token counts of an event are.
enum class UsageSource {
    final,      ///< The upstream's own figures of a response that ended.
    partial,    ///< The upstream's figures up to where the response broke off.
    estimated,  ///< Counted by us, since the upstream gives none.
    none        ///< Nothing is known; the counts are absent, not zero.
};

std::string_view to_string(UsageSource source);
std::optional<UsageSource> parse_usage_source(std::string_view text);

/// Token counts as the Messages API reports them: the four kinds of input are disjoint.
struct Usage {
    std::int64_t input_tokens = 0;  ///< Neither written to nor read from a cache.
    std::int64_t cache_creation_5m_tokens = 0;
    std::int64_t cache_creation_1h_tokens = 0;
    std::int64_t cache_read_tokens = 0;
    std::int64_t output_tokens = 0;

    bool operator==(const Usage&) const = default;
    /// All input, cached included.
    [[nodiscard]] std::int64_t prompt_tokens() const {
        return input_tokens + cache_creation_5m_tokens + cache_creation_1h_tokens +
               cache_read_tokens;
    }
};

/// One try at serving a request.
struct Attempt {
    std::string account_id;
    int status = 0;                ///< That the upstream answered; 0 when it gave no answer.
    std::string error;             ///< What went wrong; empty for the answer that the client got.
    std::int64_t duration_ms = 0;  ///< To the head of the answer, or to giving up.

    bool operator==(const Attempt&) const = default;
};

/// Empty texts stand for "not known". EVENT_FORMAT.md gives each field's meaning and limits.
struct Event {
    std::string id;  ///< UUIDv7, made by the proxy.
    std::string token_id;
    std::string user_name;
    std::string account_id;
    std::string mode;
    std::string model;
    bool stream = false;
    std::int64_t request_at_ms = 0;   ///< Unix time.
    std::int64_t response_at_ms = 0;  ///< Unix time.
    std::int64_t duration_ms = 0;     ///< By the monotonic clock.
    std::optional<std::int64_t> ttft_ms;
    Usage usage;  ///< All zero when usage_source is none.
    UsageSource usage_source = UsageSource::none;
    int status_code = 0;
    bool success = false;
    std::string error_message;
    std::string conversation_id;
    std::string agent_id;
    std::string stop_reason;
    std::string upstream_request_id;
    int attempts = 0;  ///< Tries at upstream accounts on behalf of this one.
    /// All of them in order, when one of them failed; else empty.
    std::vector<Attempt> attempts_detail;
    /// Only for tokens with conversation logging.
    std::optional<Conversation> conversation;

    bool operator==(const Event&) const = default;
};

/// Limits of the texts above, in bytes. An encoder cuts to them, a decoder refuses what exceeds
/// them.
inline constexpr std::size_t max_event_name_bytes = 256;
inline constexpr std::size_t max_event_error_bytes = 1024;
inline constexpr std::size_t max_attempt_error_bytes = 256;
/// Further attempts are counted and not listed.
inline constexpr std::size_t max_listed_attempts = 16;

}  // namespace ccproxy
