#include "analytics/ingest/inbox.hpp"

#include <algorithm>

namespace ccproxy::analytics {

bool Inbox::has_room() const {
    const std::lock_guard lock(mutex_);
    return !closed_ && level_.events < limits_.events && level_.bytes < limits_.bytes;
}

void Inbox::push(QueuedEvent event) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;  // Its proxy has no ack for it and sends it again.
    ++level_.events;
    level_.bytes += event.bytes;
    if (events_.full()) events_.set_capacity(std::max<std::size_t>(2 * events_.size(), 64));
    events_.push_back({std::move(event), std::chrono::steady_clock::now()});
    // The writer sleeps until the oldest event is due: it must hear of the first one, and of a full
    // batch.
    if (events_.size() == 1 || events_.size() == rule_.batch_size) changed_.notify_one();
}

bool Inbox::post(Command command) {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    commands_.push_back(std::move(command));
    changed_.notify_one();
    return true;
}

void Inbox::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_one();
}

std::chrono::milliseconds Inbox::oldest_age() const {
    if (events_.empty()) return std::chrono::milliseconds(0);
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 events_.front().since);
}

Inbox::Work Inbox::wait(Time deadline, bool want_batch, std::size_t max_batch_bytes) {
    std::unique_lock lock(mutex_);
    Work work;
    while (true) {
        const bool due = want_batch && (rule_.is_due(events_.size(), oldest_age()) ||
                                        (closed_ && !events_.empty()));
        const bool late = std::chrono::steady_clock::now() >= deadline;
        if (due || late || closed_ || !commands_.empty()) {
            if (due) work.batch = take_batch(max_batch_bytes);
            work.commands.swap(commands_);
            work.closed = closed_;
            work.empty = events_.empty();
            return work;
        }
        Time until = deadline;
        if (want_batch && !events_.empty()) {
            // One millisecond more, since the age is cut to whole ones.
            until = std::min(
                until, events_.front().since + rule_.flush_interval + std::chrono::milliseconds(1));
        }
        changed_.wait_until(lock, until);
    }
}

Batch Inbox::take_batch(std::size_t max_bytes) {
    Batch batch;
    batch.items.reserve(std::min(events_.size(), rule_.largest_batch()));
    while (!events_.empty() && batch.items.size() < rule_.largest_batch() &&
           batch.bytes < max_bytes) {
        QueuedEvent& event = events_.front().event;
        batch.bytes += event.bytes;
        batch.proxies[event.item.proxy_id] = {event.item.seq, event.generation};
        batch.items.push_back(std::move(event.item));
        events_.pop_front();
    }
    return batch;
}

void Inbox::release(const Batch& batch) {
    const std::lock_guard lock(mutex_);
    level_.events -= batch.items.size();
    level_.bytes -= batch.bytes;
}

Inbox::Level Inbox::level() const {
    const std::lock_guard lock(mutex_);
    return level_;
}

}  // namespace ccproxy::analytics
