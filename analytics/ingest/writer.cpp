#include "analytics/ingest/writer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace ccproxy::analytics {
namespace {

/// A reader that stays open keeps the log from being emptied; past this it is worth a line.
constexpr std::int64_t held_back_warning_bytes = 256LL * 1024 * 1024;
/// A millisecond of work or two, so that it shows soon whether others need the machine.
constexpr std::size_t max_yielding_batch_bytes = 128 * 1024;

}  // namespace

Writer::Writer(std::unique_ptr<StoreWriter> store, WriterOptions options, const Clock& clock,
               OnCommitted on_committed)
    : options_(std::move(options)),
      clock_(clock),
      on_committed_(std::move(on_committed)),
      inbox_(options_.limits, options_.rule),
      store_(std::move(store)) {
    status_.storing = options_.storing;
}

Writer::~Writer() {
    stop();
}

void Writer::start() {
    thread_ = std::thread([this] {
        name_thread("writer");
        if (options_.gives_way) giving_way_.begin();
        loop();
        giving_way_.end();
    });
}

void Writer::stop() {
    hurry();
    inbox_.close();
    if (thread_.joinable()) thread_.join();
}

void Writer::loop() {
    Time checkpoint_at = std::chrono::steady_clock::now() + options_.checkpoint_interval;
    Time retry_at{};
    while (true) {
        Time wake_at = pending_.items.empty() ? checkpoint_at : std::min(retry_at, checkpoint_at);
        const auto rest = work_.rest_left();
        const bool rests = rest > rest.zero();
        if (rests) wake_at = std::min(wake_at, std::chrono::steady_clock::now() + rest);
        if (index_is_behind_ && !rests) wake_at = std::min(wake_at, index_at_);
        Inbox::Work work =
            inbox_.wait(wake_at, pending_.items.empty() && !rests,
                        giving_way_.gives_way() ? max_yielding_batch_bytes : Inbox::any_bytes);
        for (const Inbox::Command& command : work.commands) {
            command();
            dirty_ = true;
        }
        if (!work.batch.items.empty()) pending_ = std::move(work.batch);
        const Time now = std::chrono::steady_clock::now();
        if (!pending_.items.empty() && (now >= retry_at || work.closed)) {
            if (options_.gives_way) giving_way_.set(!work.closed && options_.gives_way());
            bool written = false;
            work_.run([&] { written = write_pending(); });
            if (!written) {
                if (work.closed) break;
                retry_at = std::chrono::steady_clock::now() + pause_;
            }
        }
        if (index_is_behind_ && !rests && std::chrono::steady_clock::now() >= index_at_) {
            work_.run([this] { index(); });
        }
        if (std::chrono::steady_clock::now() >= checkpoint_at) {
            checkpoint();
            checkpoint_at = std::chrono::steady_clock::now() + options_.checkpoint_interval;
        }
        if (work.closed && work.empty) break;
    }
    if (index_is_behind_) index();
    checkpoint();
}

bool Writer::write_pending() {
    AppendReport report;
    const Time now = std::chrono::steady_clock::now();
    const auto indexing = now >= index_at_ ? Indexing::at_once : Indexing::later;
    const bool was_behind = index_is_behind_;
    // Before any of the batch can be seen.
    if (indexing == Indexing::later) index_is_behind_ = true;
    try {
        if (options_.storing) {
            report = store_->append(pending_.items, indexing);
        } else {
            store_->discard(pending_.items);
        }
    } catch (const std::exception& error) {
        index_is_behind_ = was_behind;
        note_failure(error.what());
        return false;
    }
    dirty_ = true;
    const bool is_searched = was_behind || report.conversations > 0;
    index_is_behind_ = indexing == Indexing::later && is_searched;
    if (indexing == Indexing::at_once && is_searched) index_at_ = now + options_.index_interval;
    note_success(report);
    inbox_.release(pending_);
    Committed committed{std::move(pending_.proxies), std::move(report.quarantined), {}};
    for (const auto& [proxy_id, count] : report.conversations_cut) {
        committed.lost_beginning.insert(proxy_id);
    }
    pending_ = Batch{};
    on_committed_(committed);
    return true;
}

void Writer::note_success(const AppendReport& report) {
    pause_ = std::chrono::milliseconds(0);
    const std::lock_guard lock(mutex_);
    if (!status_.last_error.empty()) spdlog::info("the database takes events again");
    status_.last_error.clear();
    ++status_.batches;
    status_.rows += report.rows;
    status_.conversations += report.conversations;
    status_.conversations_damaged += report.conversations_damaged;
    status_.conversations_dropped += report.conversations_dropped;
    for (const auto& [proxy_id, count] : report.conversations_cut) {
        status_.conversations_cut += count;
    }
    status_.duplicates += report.duplicate_ids + report.ignored;
    for (const auto& [proxy_id, count] : report.quarantined) {
        status_.quarantined += count;
        spdlog::warn("{} events of proxy {} cannot be stored and are in quarantine", count,
                     proxy_id);
    }
    if (report.discarded > 0) {
        spdlog::warn("the quarantine is full: its {} oldest events are gone", report.discarded);
    }
    status_.last_commit_at_ms = clock_.unix_ms();
}

void Writer::note_failure(const std::string& what) {
    pause_ = std::clamp(pause_ * 2, options_.first_retry, options_.last_retry);
    const std::lock_guard lock(mutex_);
    ++status_.failed_batches;
    if (status_.last_error == what) return;
    spdlog::error("the database does not take events; they wait and are tried again: {}", what);
    status_.last_error = what;
}

void Writer::index_conversations() {
    if (!index_is_behind_) return;
    try {
        run([this](StoreWriter&) { index(); });
    } catch (const std::runtime_error&) {
        // It is stopping, and will index what is left.
    }
}

void Writer::index() {
    index_at_ = std::chrono::steady_clock::now() + options_.index_interval;
    try {
        store_->index_conversations();
        dirty_ = true;
        index_is_behind_ = false;
    } catch (const std::exception& error) {
        // Nothing is lost: it is tried again, and at the next start. That the database fails is
        // said once, of the batch that fails with it.
        spdlog::debug("the search index is behind: {}", error.what());
    }
}

void Writer::checkpoint() {
    if (!dirty_) return;
    try {
        store_->sum_up_week();
        const std::int64_t held_back = store_->checkpoint().held_back_bytes;
        dirty_ = held_back > 0;
        const std::lock_guard lock(mutex_);
        if (held_back > held_back_warning_bytes &&
            status_.wal_held_back_bytes <= held_back_warning_bytes) {
            spdlog::warn("a reader holds back {} bytes of the write-ahead log", held_back);
        }
        status_.wal_held_back_bytes = held_back;
    } catch (const std::exception& error) {
        // Nothing is lost: the log keeps what it holds, and a failing disk shows with the next
        // batch.
        spdlog::warn("no checkpoint: {}", error.what());
    }
}

IngestStatus Writer::status() const {
    const Inbox::Level level = inbox_.level();
    const std::lock_guard lock(mutex_);
    IngestStatus status = status_;
    status.queue_events = level.events;
    status.queue_bytes = level.bytes;
    status.rests = work_.rests();
    status.capacity_events = inbox_.limits().events;
    status.capacity_bytes = inbox_.limits().bytes;
    return status;
}

}  // namespace ccproxy::analytics
