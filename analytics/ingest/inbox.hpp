// What waits for the writer thread: events up to a bound, and commands, which go first.
#pragma once

#include <boost/circular_buffer.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <vector>

#include "analytics/ingest/batch_rule.hpp"
#include "analytics/ingest/committed.hpp"
#include "analytics/store/store.hpp"

namespace ccproxy::analytics {

struct QueuedEvent {
    IngestItem item;
    std::size_t bytes = 0;
    std::uint32_t generation = 0;  ///< See StoredUpTo.
};

/// Events for one transaction, in the order they came.
struct Batch {
    std::vector<IngestItem> items;
    std::size_t bytes = 0;
    std::map<std::string, StoredUpTo> proxies;  ///< The last seq of each proxy in the batch.
};

struct InboxLimits {
    std::size_t events = 10'000;
    std::size_t bytes = 64 * 1024 * 1024;
};

/// Thread-safe. Any thread puts in; the writer thread alone takes out.
class Inbox {
  public:
    using Command = std::function<void()>;
    using Time = std::chrono::steady_clock::time_point;

    Inbox(InboxLimits limits, BatchRule rule) : limits_(limits), rule_(rule) {}

    /// Whether an event may be put in. The one producer asks before each, so that the bounds are
    /// passed by no more than one event.
    [[nodiscard]] bool has_room() const;
    void push(QueuedEvent event);
    /// False when the inbox is closed; then the command will not run.
    bool post(Command command);
    /// Nothing is put in from now on. What is inside is still taken, without waiting.
    void close();

    struct Work {
        std::vector<Command> commands;
        Batch batch;
        bool closed = false;
        bool empty = false;  ///< No event was left behind.
    };
    /// Waits for commands, for the close, until `deadline`, or, with `want_batch`, until a batch is
    /// due. That ends with the event with which it has `max_batch_bytes`.
    Work wait(Time deadline, bool want_batch, std::size_t max_batch_bytes = any_bytes);
    static constexpr std::size_t any_bytes = std::numeric_limits<std::size_t>::max();
    /// The batch needs no room any more: it was written or given up.
    void release(const Batch& batch);

    struct Level {
        std::size_t events = 0, bytes = 0;
    };
    /// What is inside, the batch that is being written included.
    [[nodiscard]] Level level() const;
    [[nodiscard]] InboxLimits limits() const { return limits_; }

  private:
    struct Waiting {
        QueuedEvent event;
        Time since;
    };
    std::chrono::milliseconds oldest_age() const;
    Batch take_batch(std::size_t max_bytes);

    const InboxLimits limits_;
    const BatchRule rule_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // Guarded by mutex_.
    boost::circular_buffer<Waiting> events_;  ///< Grows to what has waited at once.
    std::vector<Command> commands_;
    Level level_;
    bool closed_ = false;
};

}  // namespace ccproxy::analytics
