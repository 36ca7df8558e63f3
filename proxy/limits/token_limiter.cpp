#include "proxy/limits/token_limiter.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/time_text.hpp"

namespace ccproxy::limits {
namespace {

constexpr std::int64_t minute_ms = 60'000;

/// While analyticsd is away the oldest are merged beyond this: they count until the younger of them
/// is counted, which is too much for a moment and never too little.
constexpr std::size_t max_uncounted = 256;

int whole_seconds(std::int64_t ms) {
    return static_cast<int>((ms + 999) / 1000);
}

}  // namespace

TokenLimiter::Slot::Slot(Slot&& other) noexcept
    : limiter_(std::exchange(other.limiter_, nullptr)), state_(other.state_) {}

TokenLimiter::Slot& TokenLimiter::Slot::operator=(Slot&& other) noexcept {
    std::swap(limiter_, other.limiter_);
    std::swap(state_, other.state_);
    return *this;
}

TokenLimiter::Slot::~Slot() {
    if (limiter_ != nullptr) limiter_->release(*state_);
}

TokenLimiter::Admission TokenLimiter::admit(const TokenEntry& token, std::int64_t unix_ms,
                                            std::int64_t steady_ms) {
    const TokenLimits& limits = token.limits;
    if (limits == TokenLimits{}) return {};
    const std::lock_guard lock(mutex_);
    State& state = states_[token.id];
    begin_day(unix_ms);
    if (limits.tokens_per_day && state.counted + state.uncounted_total >= *limits.tokens_per_day) {
        return {{},
                Exceeded{"this key has used the " + std::to_string(*limits.tokens_per_day) +
                             " tokens that it has for a day; the next day begins at " +
                             format_time(day_ends_at_ms_),
                         0}};
    }
    if (limits.max_concurrent_requests && state.in_flight >= *limits.max_concurrent_requests) {
        return {{},
                Exceeded{"this key may have " + std::to_string(*limits.max_concurrent_requests) +
                             " requests under way at a time",
                         1}};
    }
    if (limits.requests_per_minute) {
        std::optional<Exceeded> exceeded =
            check_minute(state, *limits.requests_per_minute, steady_ms);
        if (exceeded) return {{}, std::move(exceeded)};
        state.admitted_ms.push_back(steady_ms);
    }
    ++state.in_flight;
    return {Slot(*this, state), std::nullopt};
}

std::optional<Exceeded> TokenLimiter::check_minute(State& state, std::int64_t limit,
                                                   std::int64_t steady_ms) {
    std::deque<std::int64_t>& admitted = state.admitted_ms;
    while (!admitted.empty() && admitted.front() + minute_ms <= steady_ms) admitted.pop_front();
    const auto room = static_cast<std::size_t>(limit);
    if (admitted.size() < room) return std::nullopt;
    // The limit may have been lowered: then more than one of them has to pass.
    const std::int64_t free_at_ms = admitted[admitted.size() - room] + minute_ms;
    return Exceeded{"this key may make " + std::to_string(limit) + " requests a minute",
                    whole_seconds(free_at_ms - steady_ms)};
}

void TokenLimiter::used(const TokenEntry& token, std::uint64_t seq, std::int64_t tokens,
                        std::int64_t unix_ms) {
    if (!token.limits.tokens_per_day || tokens == 0) return;
    if (seq == 0) seq = std::numeric_limits<std::uint64_t>::max();
    const std::lock_guard lock(mutex_);
    begin_day(unix_ms);
    if (seq <= counted_seq_) return;  // analyticsd was faster.
    State& state = states_[token.id];
    // Workers may come here in another order than they came to the journal.
    const auto place =
        std::upper_bound(state.uncounted.begin(), state.uncounted.end(), seq,
                         [](std::uint64_t s, const Uncounted& entry) { return s < entry.seq; });
    state.uncounted.insert(place, {seq, tokens});
    state.uncounted_total += tokens;
    if (state.uncounted.size() > max_uncounted) {
        state.uncounted[1].tokens += state.uncounted[0].tokens;
        state.uncounted.pop_front();
    }
}

void TokenLimiter::learn(const DailyUsage& usage) {
    const std::lock_guard lock(mutex_);
    day_ends_at_ms_ = usage.ends_at_ms;
    counted_seq_ = usage.counted_seq;
    for (auto& [id, state] : states_) {
        state.counted = 0;
        while (!state.uncounted.empty() && state.uncounted.front().seq <= counted_seq_) {
            state.uncounted_total -= state.uncounted.front().tokens;
            state.uncounted.pop_front();
        }
    }
    for (const TokenUsage& used : usage.tokens) states_[used.token_id].counted = used.tokens;
}

/// While analyticsd is away, days go on; until it has told when they begin, they are those of UTC.
void TokenLimiter::begin_day(std::int64_t unix_ms) {
    if (unix_ms < day_ends_at_ms_) return;
    day_ends_at_ms_ += ((unix_ms - day_ends_at_ms_) / day_ms + 1) * day_ms;
    for (auto& [id, state] : states_) {
        state.counted = state.uncounted_total = 0;
        state.uncounted.clear();
    }
}

void TokenLimiter::release(State& state) {
    const std::lock_guard lock(mutex_);
    --state.in_flight;
}

}  // namespace ccproxy::limits
