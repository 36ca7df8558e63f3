// Keeps requests away from an account that fails, and lets one through now and then to see.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ccproxy::accounts {

struct BreakerOptions {
    int failures = 5;                    ///< In a row, until it opens.
    std::int64_t open_ms = 30'000;       ///< The first time; doubles each time after.
    std::int64_t max_open_ms = 600'000;  ///< Longer than that it is never open.
    bool operator==(const BreakerOptions&) const = default;
};

/// Closed: requests go. Open: none do until a moment. Half open: that moment has passed, and one
/// request at a time is tried; its success closes, its failure opens for twice as long.
/// Pure in `now_ms`, which comes from a clock that never goes back. Not thread-safe.
class Breaker {
  public:
    enum class State { closed, open, half_open };

    [[nodiscard]] State state(std::int64_t now_ms) const {
        if (open_until_ms_ == 0) return State::closed;
        return now_ms < open_until_ms_ ? State::open : State::half_open;
    }
    /// 0 when it is not open.
    [[nodiscard]] std::int64_t open_until_ms() const { return open_until_ms_; }
    /// Half open, with a request on its way that will tell.
    [[nodiscard]] bool is_trying() const { return trying_; }
    /// Closed, with no failure since the last success.
    [[nodiscard]] bool is_untouched() const { return open_until_ms_ == 0 && failures_ == 0; }

    /// Whether a request may go; in the half-open state this makes it the one that is tried.
    /// Whatever comes of a request that was let through, one of the calls below must follow.
    bool let_through(std::int64_t now_ms) {
        if (open_until_ms_ == 0) return true;
        if (now_ms < open_until_ms_ || trying_) return false;
        trying_ = true;
        return true;
    }

    void succeeded() { *this = Breaker(); }

    void failed(std::int64_t now_ms, const BreakerOptions& options) {
        // Requests that were under way when it opened say nothing new.
        if (state(now_ms) == State::open) return;
        ++failures_;
        if (open_until_ms_ == 0 && failures_ < options.failures) return;
        open(now_ms, next_open_ms_ == 0 ? options.open_ms : next_open_ms_, options.max_open_ms);
    }

    /// The account cannot serve whoever asks: it opens at once, for the longest time.
    void refused_credential(std::int64_t now_ms, const BreakerOptions& options) {
        open(now_ms, options.max_open_ms, options.max_open_ms);
    }

    /// The request ended without telling anything of the account, as when its client left.
    void told_nothing() { trying_ = false; }

  private:
    void open(std::int64_t now_ms, std::int64_t open_ms, std::int64_t max_open_ms) {
        trying_ = false;
        failures_ = 0;
        open_until_ms_ = now_ms + std::min(open_ms, max_open_ms);
        next_open_ms_ = std::min(2 * open_ms, max_open_ms);
    }

    int failures_ = 0;  ///< In a row.
    std::int64_t open_until_ms_ = 0;
    std::int64_t next_open_ms_ = 0;
    bool trying_ = false;
};

}  // namespace ccproxy::accounts
