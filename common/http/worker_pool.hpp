// A fixed number of threads that run handlers, each with a handler of its own, behind a queue with
// a limit.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "common/http/server.hpp"

namespace ccproxy::http {

/// All functions but the constructor and destructor may be called from any thread.
class WorkerPool {
  public:
    /// Is given the handler of the thread that runs it. Must not throw.
    using Job = std::function<void(const Handler&)>;

    /// Starts one thread for each handler.
    WorkerPool(std::vector<Handler> handlers, std::size_t max_queued);
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// Never waits. False when `max_queued` jobs wait already, or after stop().
    bool try_post(Job job);
    /// Not counted in that limit, for who has a limit of its own. False after stop().
    bool post(Job job);

    /// Waits for the jobs that run; those that wait are dropped. Not to be called by a job.
    void stop();

  private:
    bool enqueue(Job job, std::size_t limit);
    void work(const Handler& handler);

    const std::vector<Handler> handlers_;
    const std::size_t max_queued_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> queue_;  // guarded by mutex_
    bool stopping_ = false;  // guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace ccproxy::http
