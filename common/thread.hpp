// What the kernel knows of a thread: its name, what it has had of the processors, and whom it gives
// way to.
#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>

#include "common/unique_fd.hpp"

namespace ccproxy {

/// Names the calling thread for `top -H`, `ps -L` and `perf`; the kernel keeps 15 characters.
void name_thread(const char* name);

/// Gives the calling thread, and those that it starts, this nice value: from the 0 of most to 19.
void lower_priority(int nice_value);

/// Processor time that the calling thread has taken.
std::chrono::nanoseconds processor_time();

/// How long the thread that made it was kept from running, ready to run, since others ran: the
/// second figure in /proc/[pid]/schedstat (Documentation/scheduler/sched-stats.rst in Linux's
/// source). For that thread.
class RunDelay {
  public:
    RunDelay();
    /// Always 0 where the kernel does not tell.
    [[nodiscard]] std::chrono::nanoseconds so_far() const;

  private:
    UniqueFd file_;
};

/// Lets one thread give way to every other one on the machine, and stop that: with the policy
/// SCHED_IDLE it runs on what processor the others leave over, and is put aside at once when one
/// of them wakes. So it may be kept for seconds from whatever it does, and from giving back a lock
/// that another thread waits for: who is about to wait for it says hurry().
class GivingWay {
  public:
    /// Whether this process may: to stop giving way takes CAP_SYS_NICE or a limit RLIMIT_NICE of 20
    /// and more (`LimitNICE=+0`). Tried on a thread of its own, since one that may not stop would
    /// be stuck.
    static bool is_permitted();

    /// For `hold` after a hurry() the thread gives way to nobody.
    explicit GivingWay(std::chrono::milliseconds hold = std::chrono::seconds(1)) : hold_(hold) {}

    /// Between these the calling thread is the one that is meant; otherwise the other functions do
    /// nothing. Who joins it makes sure that nobody is in hurry() then.
    void begin();
    void end() { begun_.store(false); }
    /// For that thread alone.
    void set(bool gives_way);
    /// For any thread; neither blocks.
    void hurry();
    [[nodiscard]] bool gives_way() const { return gives_way_.load(); }

  private:
    using Clock = std::chrono::steady_clock;

    const std::chrono::milliseconds hold_;
    pthread_t thread_{};
    std::atomic<bool> begun_{false};
    std::atomic<bool> gives_way_{false};
    std::atomic<Clock::duration::rep> held_until_{0};
};

}  // namespace ccproxy
