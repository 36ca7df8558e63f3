// How one account fares: requests under way, circuit breaker, pauses, limits, last error.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/clock.hpp"
#include "proto/account_report.hpp"
#include "proxy/accounts/breaker.hpp"
#include "proxy/accounts/failover.hpp"
#include "proxy/accounts/rate_limits.hpp"

namespace ccproxy::accounts {

/// A moment by both clocks: Unix time to show, and to compare with what an upstream says; the
/// steady one, which never goes back, for everything that waits. Milliseconds.
struct Moment {
    std::int64_t unix_ms = 0;
    std::int64_t steady_ms = 0;
};

Moment now(const Clock& clock);

/// Why an account gets no request now.
enum class Blocked { no, rate_limited, busy, failing };

/// Shared by all workers and thread-safe. It outlives a reload of the configuration. Time comes in,
/// so that no member asks a clock. While an account is well, no worker waits for another: requests
/// are counted by atomics, and the lock is only tried.
class AccountState {
  public:
    /// Counts a request in when the account may have one for `model` now. release() follows.
    bool try_acquire(std::int64_t max_concurrent, std::string_view model, std::int64_t steady_ms);
    /// The same, whatever trouble the account has: only the limit on its requests holds.
    bool try_acquire_anyway(std::int64_t max_concurrent, std::int64_t steady_ms);
    /// The request has ended. `told_nothing`: note() was not called for it.
    void release(bool told_nothing);

    /// What came of a try, once its answer's head is there or there will be none. `error` says
    /// what went wrong.
    void note(Verdict verdict, const Tried& tried, const std::string& error, Moment now,
              const FailoverConfig& config);
    /// An answer that had begun well broke off. The breaker takes no notice: whether it comes again
    /// is for the client to find out.
    void note_broken_answer(int status, const std::string& error, Moment now);

    /// Forgets pauses, failures and the organization.
    void start_anew();

    /// The organization that a web account's backend named; empty while it has not been asked.
    [[nodiscard]] std::string organization() const;
    /// An empty one makes the next request ask again.
    void learn_organization(std::string organization);

    // Quick looks, for choosing among many accounts; without a lock, unless a model is paused.

    [[nodiscard]] std::int64_t in_flight() const { return in_flight_.load(relaxed); }
    /// It gets no request: it is paused, or its breaker is open, or half open and trying one.
    [[nodiscard]] bool is_blocked(std::int64_t steady_ms) const {
        return steady_ms < blocked_until_ms_.load(relaxed);
    }
    [[nodiscard]] bool is_paused_for(std::string_view model, std::int64_t steady_ms) const {
        return steady_ms < models_paused_until_ms_.load(relaxed) && finds_pause(model, steady_ms);
    }
    /// One of its limits is used up: others go first.
    [[nodiscard]] bool is_spared(std::int64_t steady_ms) const {
        return steady_ms < spared_until_ms_.load(relaxed);
    }

    /// Why it gets no request, and for how many milliseconds more.
    [[nodiscard]] std::pair<Blocked, std::int64_t> blocked(std::int64_t max_concurrent,
                                                           std::string_view model,
                                                           std::int64_t steady_ms) const;
    [[nodiscard]] std::string last_error() const;
    /// Fills in all that is not configuration.
    void report(AccountReport& report, Moment now) const;

  private:
    static constexpr auto relaxed = std::memory_order_relaxed;
    /// The upstream asked for no more requests until then; by steady time.
    struct Pause {
        std::string model;
        std::int64_t until_ms = 0;
        bool for_limits = false;  ///< Rather than for trouble of the upstream's.
    };
    static constexpr std::size_t max_paused_models = 16;

    /// Counts a request in, up to the limit.
    bool take_place(std::int64_t max_concurrent);
    [[nodiscard]] bool finds_pause(std::string_view model, std::int64_t steady_ms) const;
    [[nodiscard]] const Pause* find_pause(std::string_view model, std::int64_t steady_ms) const;
    void pause_model(std::string_view model, std::int64_t until_ms, bool for_limits);
    void pause_as_asked(Verdict verdict, const Tried& tried, Moment now,
                        const FailoverConfig& config);
    void note_error(int status, const std::string& error, Moment now);
    void publish(std::int64_t steady_ms);

    std::atomic<std::int64_t> in_flight_{0};
    std::atomic<std::uint64_t> requests_{0};
    /// The breaker counts failures, or there is a pause, of a model or of all.
    std::atomic<bool> in_trouble_{false};
    std::atomic<std::int64_t> blocked_until_ms_{0};
    std::atomic<std::int64_t> spared_until_ms_{0};
    std::atomic<std::int64_t> models_paused_until_ms_{0};  ///< The last of them.

    // Held for no longer than it takes to copy a few numbers.
    mutable std::mutex mutex_;
    // Guarded by mutex_.
    Breaker breaker_;
    std::int64_t paused_until_ms_ = 0;  ///< Steady; a limit that all models share is used up.
    std::vector<Pause> paused_models_;
    RateLimits told_;  ///< Limits as the last answer that told any had them.
    std::uint64_t failures_ = 0;
    std::int64_t last_error_at_ms_ = 0;  ///< Unix; 0 when there was none.
    int last_error_status_ = 0;
    std::string last_error_;
    std::string organization_;
};

}  // namespace ccproxy::accounts
