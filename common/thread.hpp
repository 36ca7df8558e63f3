// What the kernel knows of a thread: its name, and whom it gives way to.
#pragma once

#include <pthread.h>

#include <mutex>

namespace ccproxy {

/// Names the calling thread for `top -H`, `ps -L` and `perf`; the kernel keeps 15 characters.
void name_thread(const char* name);

/// Lets one thread give way to every other one on the machine, and stop that: with the policy
/// SCHED_IDLE it runs on what processor the others leave over, and is put aside at once when one
/// of them wakes. Thread-safe.
class GivingWay {
  public:
    /// Whether this process may: to stop giving way takes CAP_SYS_NICE or a limit RLIMIT_NICE of 20
    /// and more (`LimitNICE=+0`). Tried on a thread of its own, since one that may not stop would
    /// be stuck.
    static bool is_permitted();

    /// From now on the calling thread is the one that is meant. It must not be joined before the
    /// last call of set().
    void begin();
    /// Does nothing before begin().
    void set(bool gives_way);

  private:
    std::mutex mutex_;
    bool begun_ = false;      ///< Guarded by mutex_.
    bool gives_way_ = false;  ///< Guarded by mutex_.
    pthread_t thread_{};      ///< Guarded by mutex_.
};

}  // namespace ccproxy
