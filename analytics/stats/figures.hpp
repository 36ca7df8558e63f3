// What is counted and summed over requests. Only sums, counts and histograms, so that the figures
// of any union of requests come from those of its parts. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "analytics/stats/histogram.hpp"
#include "proto/event.hpp"

namespace ccproxy::analytics {

/// Wraps around: a damaged row may hold anything.
inline std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

struct Figures {
    std::int64_t request_count = 0, success_count = 0;
    std::int64_t prompt_tokens = 0, completion_tokens = 0;
    std::int64_t cache_creation_5m_tokens = 0, cache_creation_1h_tokens = 0, cache_read_tokens = 0;
    std::int64_t usage_count = 0;  ///< Requests whose token counts are known.
    std::int64_t cost_nano_usd = 0, cost_count = 0;
    std::int64_t duration_sum_ms = 0;  ///< Over all requests.
    std::int64_t ttft_sum_ms = 0, ttft_count = 0;
    Histogram duration_ms, ttft_ms;

    [[nodiscard]] std::int64_t error_count() const { return request_count - success_count; }
    [[nodiscard]] std::int64_t total_tokens() const { return prompt_tokens + completion_tokens; }

    void add_request(const Event& event, const std::optional<std::int64_t>& cost);
    void add(const Figures& other);
    /// Adds the difference between `expected` and `stored`. Since whatever is stored meanwhile adds
    /// to both, the difference that was found at one moment mends the figures at any later one.
    void correct(const Figures& expected, const Figures& stored);
    /// Whether there is nothing in it at all.
    [[nodiscard]] bool empty() const { return *this == Figures{}; }

    bool operator==(const Figures&) const = default;

    using Sum = std::int64_t Figures::*;
    /// All the sums, in the order of the columns that keep them.
    static const std::array<Sum, 13> sums;
};

}  // namespace ccproxy::analytics
