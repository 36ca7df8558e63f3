// How many events may go out before the next pause. Pure; time comes in.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace ccproxy::bus {

/// What a sync of the journal sets free would otherwise go out in a burst of milliseconds, in which
/// requests wait for the processor. So each tick lets a tenth of what is there go, which keeps a
/// burst short and a backlog moving at full speed.
class SendPace {
  public:
    using Time = std::chrono::steady_clock::time_point;
    /// So few go at once.
    static constexpr std::uint64_t min_events = 20;
    static constexpr std::uint64_t ticks_for_all = 10;

    explicit SendPace(std::chrono::milliseconds tick) : tick_(tick) {}

    /// Begins a tick, if the last one is over, with `ready` events that could be sent.
    void note(std::uint64_t ready, Time now) {
        if (now - begun_at_ < tick_) return;
        begun_at_ = now;
        left_ = std::max(ready / ticks_for_all, min_events);
    }
    [[nodiscard]] bool is_open() const { return left_ > 0; }
    /// Called only while it is open.
    void sent() { --left_; }

  private:
    const std::chrono::milliseconds tick_;
    Time begun_at_;
    std::uint64_t left_ = min_events;
};

}  // namespace ccproxy::bus
