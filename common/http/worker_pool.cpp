#include "common/http/worker_pool.hpp"

#include <limits>
#include <utility>

#include "common/thread.hpp"

namespace ccproxy::http {

WorkerPool::WorkerPool(std::vector<Handler> handlers, std::size_t max_queued)
    : handlers_(std::move(handlers)), max_queued_(max_queued) {
    threads_.reserve(handlers_.size());
    for (const Handler& handler : handlers_) {
        threads_.emplace_back([this, &handler] { work(handler); });
    }
}

WorkerPool::~WorkerPool() {
    stop();
}

bool WorkerPool::try_post(Job job) {
    return enqueue(std::move(job), max_queued_);
}

bool WorkerPool::post(Job job) {
    return enqueue(std::move(job), std::numeric_limits<std::size_t>::max());
}

bool WorkerPool::enqueue(Job job, std::size_t limit) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= limit) return false;
        queue_.push_back(std::move(job));
    }
    changed_.notify_one();
    return true;
}

void WorkerPool::stop() {
    std::deque<Job> dropped;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        dropped.swap(queue_);
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void WorkerPool::work(const Handler& handler) {
    name_thread("http-worker");
    for (;;) {
        Job job;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (queue_.empty()) return;
            job = std::move(queue_.front());
            queue_.pop_front();
        }
        job(handler);
    }
}

}  // namespace ccproxy::http
