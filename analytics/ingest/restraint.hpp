// How long whoever gives way leaves a full machine alone. Pure; times come in.
#pragma once

#include <algorithm>
#include <chrono>

namespace ccproxy::analytics {

/// To run on what processor others leave over is not for nothing: it takes its share of caches and
/// of a core's two threads, and whoever wakes finds the processor taken for a moment. So a machine
/// on which this thread is put aside more than it runs gets a rest from it, each one twice as long
/// as the one before, while work between them shows that it is still full.
class Restraint {
  public:
    using Duration = std::chrono::nanoseconds;
    /// So much work tells whether the machine is full.
    static constexpr Duration probe = std::chrono::microseconds(300);
    static constexpr Duration first_rest = std::chrono::milliseconds(10);
    static constexpr Duration last_rest = std::chrono::milliseconds(200);

    /// After work that took so much processor time and was put aside for so long meanwhile; the
    /// rest that is due, 0 for none.
    Duration after(Duration processor, Duration put_aside) {
        processor_ += processor;
        put_aside_ += put_aside;
        if (processor_ < probe) return Duration(0);
        const bool full = put_aside_ > processor_;
        processor_ = put_aside_ = Duration(0);
        rest_ = full ? std::clamp(2 * rest_, first_rest, last_rest) : Duration(0);
        return rest_;
    }

  private:
    Duration processor_{0}, put_aside_{0};
    Duration rest_{0};
};

}  // namespace ccproxy::analytics
