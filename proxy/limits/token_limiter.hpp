// How much a token may do: requests a minute, requests at a time, tokens a day.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/clock.hpp"
#include "proto/control.hpp"

namespace ccproxy::limits {

/// Why a request is not let through.
struct Exceeded {
    std::string message;
    /// For how long to wait; 0 where waiting for a while does not help.
    int retry_after_seconds = 0;
};

/// Shared by all workers, thread-safe. Keeps something only of tokens that have limits, so that a
/// request of any other costs nothing.
///
/// Requests a minute are those of the last sixty seconds, exactly. Tokens of the day are what
/// analyticsd has counted at all proxies, and on top of it what this proxy has recorded since.
class TokenLimiter {
    struct State;

  public:
    /// A request that is under way. Ends with its last moment.
    class Slot {
      public:
        Slot() = default;
        Slot(Slot&& other) noexcept;
        Slot& operator=(Slot&& other) noexcept;
        ~Slot();

      private:
        friend class TokenLimiter;
        Slot(TokenLimiter& limiter, State& state) : limiter_(&limiter), state_(&state) {}

        TokenLimiter* limiter_ = nullptr;
        State* state_ = nullptr;
    };

    struct Admission {
        Slot slot;  ///< Holds a place among the concurrent requests when there is a limit.
        std::optional<Exceeded> exceeded;
    };

    /// Lets a request through or says what is exceeded; what is refused does not count.
    /// `steady_ms` is of a clock that never goes back.
    Admission admit(const TokenEntry& token, std::int64_t unix_ms, std::int64_t steady_ms);

    /// Tokens of an event that has been recorded, with its seq; 0 for one that the journal could
    /// not take and that analyticsd will never count.
    void used(const TokenEntry& token, std::uint64_t seq, std::int64_t tokens,
              std::int64_t unix_ms);

    /// Takes over what analyticsd has counted.
    void learn(const DailyUsage& usage);

  private:
    /// Own tokens that analyticsd has not counted yet.
    struct Uncounted {
        std::uint64_t seq = 0;
        std::int64_t tokens = 0;
    };
    struct State {
        std::deque<std::int64_t> admitted_ms;  ///< In the last minute; at most as many as may be.
        std::int64_t in_flight = 0;
        std::int64_t counted = 0;          ///< Tokens of today, by analyticsd.
        std::deque<Uncounted> uncounted;   ///< Ascending; of bounded length.
        std::int64_t uncounted_total = 0;  ///< Their sum.
    };

    static std::optional<Exceeded> check_minute(State& state, std::int64_t limit,
                                                std::int64_t steady_ms);
    void begin_day(std::int64_t unix_ms);
    void release(State& state);

    std::mutex mutex_;
    // All below is guarded by mutex_. States are never removed: there are no more of them than
    // tokens with limits, and slots point at them.
    std::unordered_map<std::string, State> states_;
    std::uint64_t counted_seq_ = 0;
    std::int64_t day_ends_at_ms_ = 0;
};

}  // namespace ccproxy::limits
