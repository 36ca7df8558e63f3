// What an upstream's answer says about how much its account may still do.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/http/head.hpp"

namespace ccproxy::accounts {

/// The limits that the Messages API tells of. The first four belong to API keys (API documentation,
/// "Rate limits"), the last three to subscriptions: the unified windows of five hours and of a
/// week, and the weekly one of the models that count apart.
enum class LimitKind {
    requests,
    tokens,
    input_tokens,
    output_tokens,
    five_hours,
    week,
    week_models
};
inline constexpr std::size_t limit_kinds = 7;

/// As the fields name it: `requests`, `input-tokens`, `unified-5h` …
std::string_view to_string(LimitKind kind);

/// One limit, as far as the upstream told of it.
struct Limit {
    std::optional<std::int64_t> limit;
    std::optional<std::int64_t> remaining;
    std::optional<double> used;               ///< Of a unified window: 0 is unused, 1 is used up.
    std::optional<std::int64_t> reset_at_ms;  ///< Unix time.
    bool judged = false;    ///< The upstream says by itself whether this limit allows more.
    bool rejected = false;  ///< It does not.

    [[nodiscard]] bool is_known() const { return limit || remaining || used || reset_at_ms; }
    /// Nothing is left of it.
    [[nodiscard]] bool is_used_up() const {
        return rejected || (remaining && *remaining <= 0) || (used && *used >= 1.0);
    }
};

/// Verdict of the unified limits as a whole.
enum class UnifiedStatus { unknown, allowed, allowed_warning, rejected };
std::string_view to_string(UnifiedStatus status);

struct RateLimits {
    std::array<Limit, limit_kinds> limits;
    UnifiedStatus unified = UnifiedStatus::unknown;
    std::optional<std::int64_t> unified_reset_at_ms;  ///< Unix time.
    std::optional<std::int64_t> retry_after_ms;       ///< From now on; never negative.
    std::optional<bool> should_retry;                 ///< `x-should-retry`.

    /// Whether any of the limits is there: other answers leave what is known as it is.
    [[nodiscard]] bool tells_limits() const;
};

/// The longest pause that an upstream is believed to mean: a weekly window, and a day.
inline constexpr std::int64_t max_pause_ms = std::int64_t{8} * 86'400'000;

/// Reads `retry-after` (seconds or an HTTP date), `retry-after-ms`, `x-should-retry` and the fields
/// `anthropic-ratelimit-…`, whose reset is RFC 3339 or Unix seconds. Fields that are not known, and
/// values that make no sense, are passed over. `now_ms` is Unix time.
RateLimits read_rate_limits(const http1::Fields& fields, std::int64_t now_ms);

/// After a 429: how long the account is to be left alone, in milliseconds. `retry-after` first,
/// else the latest reset of a limit that is used up. Nothing when the answer does not say.
std::optional<std::int64_t> pause_after_refusal(const RateLimits& told, std::int64_t now_ms);

/// Whether a 429 stands for every model. The windows of a subscription do, but for the one that
/// counts some models apart; the limits of API keys are per model.
bool is_about_all_models(const RateLimits& told);

/// After any other answer: how long the account is better spared, in milliseconds; 0 when it has
/// something left of everything. The limits of API keys fill up again all the time, so that those
/// count for at most a minute.
std::int64_t spare_for(const RateLimits& told, std::int64_t now_ms);

}  // namespace ccproxy::accounts
