// The writer thread: it alone uses the StoreWriter, for batches of events, for commands and for
// checkpoints.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>

#include "analytics/ingest/inbox.hpp"
#include "analytics/ingest/restrained_work.hpp"
#include "analytics/status.hpp"
#include "analytics/store/store.hpp"
#include "common/clock.hpp"
#include "common/thread.hpp"

namespace ccproxy::analytics {

struct WriterOptions {
    InboxLimits limits;
    BatchRule rule;
    bool storing = true;  ///< False: events are acknowledged and discarded.
    std::chrono::milliseconds first_retry{100};
    std::chrono::milliseconds last_retry{5'000};  ///< The pause doubles up to this.
    std::chrono::milliseconds checkpoint_interval{60'000};
    /// The search index is written no more often than this, unless somebody searches: every time it
    /// is, a part of it comes to be that has to be merged with others.
    std::chrono::milliseconds index_interval{1'000};
    /// Asked on the writer thread before each batch: whether the thread gives way to all others of
    /// the machine, and rests while that is full (see Restraint). Without it, never.
    std::function<bool()> gives_way;
};

class Writer {
  public:
    /// Called on the writer thread after each commit; must not block.
    using OnCommitted = std::function<void(const Committed&)>;

    /// `clock` must outlive it.
    Writer(std::unique_ptr<StoreWriter> store, WriterOptions options, const Clock& clock,
           OnCommitted on_committed);
    /// Stops, if stop() was not called.
    ~Writer();

    void start();
    /// Writes what is queued, makes a checkpoint and ends the thread. When the database fails
    /// meanwhile, what is left stays with the proxies, which have no ack for it.
    void stop();

    /// For the one producer: whether push() may be called now. After false, a commit tells when to
    /// ask again.
    [[nodiscard]] bool has_room() const { return inbox_.has_room(); }
    void push(QueuedEvent event) { inbox_.push(std::move(event)); }

    /// Lets the thread give way to nobody for a while: somebody is about to wait for it. From any
    /// thread.
    void hurry() { giving_way_.hurry(); }

    /// Runs `command(StoreWriter&)` on the writer thread, between batches, and gives its result or
    /// its exception. From any other thread. Throws std::runtime_error when the writer is stopping.
    template <class F>
    std::invoke_result_t<F, StoreWriter&> run(F command) {
        using Answer = std::invoke_result_t<F, StoreWriter&>;
        auto task = std::make_shared<std::packaged_task<Answer()>>(
            [this, command = std::move(command)]() { return command(*store_); });
        std::future<Answer> answer = task->get_future();
        hurry();
        if (!inbox_.post([task] { (*task)(); })) {
            throw std::runtime_error("analyticsd is stopping");
        }
        return answer.get();
    }

    /// Returns once a search finds all that is committed; at once where it does. Where the database
    /// fails or the writer is stopping, without that. From any other thread.
    void index_conversations();

    [[nodiscard]] IngestStatus status() const;

  private:
    using Time = std::chrono::steady_clock::time_point;

    void loop();
    /// Writes pending_; false when the database failed and pending_ is kept.
    bool write_pending();
    void note_success(const AppendReport& report);
    void note_failure(const std::string& what);
    void index();
    void checkpoint();

    const WriterOptions options_;
    const Clock& clock_;
    const OnCommitted on_committed_;
    Inbox inbox_;
    std::thread thread_;
    GivingWay giving_way_;

    // Used by the writer thread alone, once it runs.
    std::unique_ptr<StoreWriter> store_;
    RestrainedWork work_{giving_way_};
    Batch pending_;
    std::chrono::milliseconds pause_{0};
    bool dirty_ = false;  ///< Written to since the last checkpoint.
    Time index_at_{};     ///< Not before.

    std::atomic<bool> index_is_behind_{false};  ///< Set by the writer thread alone.

    mutable std::mutex mutex_;
    IngestStatus status_;  ///< Guarded by mutex_; without the queue's level.
};

}  // namespace ccproxy::analytics
