// A machine that is full of other work.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

namespace ccproxy::analytics::test {

/// Threads that would take all processors of the machine twice over.
class OtherWork {
  public:
    OtherWork() {
        for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i) {
            threads_.emplace_back([this] {
                while (!done_.load(std::memory_order_relaxed)) {
                }
            });
        }
    }
    ~OtherWork() {
        done_.store(true);
        for (std::thread& thread : threads_) thread.join();
    }

  private:
    std::atomic<bool> done_{false};
    std::vector<std::thread> threads_;
};

}  // namespace ccproxy::analytics::test
