// The work of a thread that gives way, and its rests from it.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "analytics/ingest/restraint.hpp"
#include "common/thread.hpp"

namespace ccproxy::analytics {

/// For the thread that gives way, but where it says otherwise.
class RestrainedWork {
  public:
    /// `giving_way` is that thread's, and outlives it.
    explicit RestrainedWork(const GivingWay& giving_way) : giving_way_(giving_way) {}

    /// Does `work`, and takes from what it took how long to rest from more of it.
    template <class Work>
    void run(Work work) {
        if (!giving_way_.gives_way()) return work();
        if (!delay_) delay_.emplace();
        const std::chrono::nanoseconds processor = processor_time();
        const std::chrono::nanoseconds delay = delay_->so_far();
        work();
        const Restraint::Duration rest =
            restraint_.after(processor_time() - processor, delay_->so_far() - delay);
        rest_until_ = Clock::now() + rest;
        if (rest > rest.zero()) rests_.fetch_add(1, std::memory_order_relaxed);
    }

    /// Of the rest that is due; 0 for none. A thread that gives way no more needs none.
    [[nodiscard]] std::chrono::milliseconds rest_left() const {
        using std::chrono::milliseconds;
        if (!giving_way_.gives_way()) return milliseconds(0);
        return std::max(std::chrono::ceil<milliseconds>(rest_until_ - Clock::now()),
                        milliseconds(0));
    }

    /// How many there were. For any thread.
    [[nodiscard]] std::uint64_t rests() const { return rests_.load(std::memory_order_relaxed); }

  private:
    using Clock = std::chrono::steady_clock;

    const GivingWay& giving_way_;
    std::optional<RunDelay> delay_;  ///< Made by that thread.
    Restraint restraint_;
    Clock::time_point rest_until_;
    std::atomic<std::uint64_t> rests_{0};
};

}  // namespace ccproxy::analytics
