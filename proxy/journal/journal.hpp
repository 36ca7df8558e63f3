// The proxy's own record of what happened, on disk, until analyticsd has it: append-only segment
// files.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/journal/batch.hpp"
#include "proxy/journal/file.hpp"

struct iovec;

namespace ccproxy::journal {

struct JournalOptions {
    std::string folder;      ///< Made when it is not there; belongs to one process at a time.
    std::string proxy_name;  ///< First part of the id that a new journal gets.
    std::int64_t max_bytes = 1 << 30;
    std::int64_t segment_bytes = 16 << 20;
    /// Acknowledged segments are kept for this long, while there is room, for an analyticsd that is
    /// put back from an older backup.
    std::chrono::milliseconds retain{0};
    /// Append syncs before it returns, instead of leaving it to sync().
    bool sync_each_append = false;
};

/// What a journal's counters say at one moment.
struct JournalStatus {
    std::uint64_t next_seq = 1;
    std::uint64_t synced_seq = 0;  ///< All up to here survives a power cut.
    std::uint64_t first_seq = 1;   ///< The oldest that is kept; next_seq when none is.
    std::uint64_t dropped = 0;  ///< Events that could not be written, since the journal was made.
    std::int64_t bytes = 0;
};

/// Thread-safe. Events get seqs from 1 without gaps. A killed process loses nothing that append()
/// took; a power cut loses at most what was not synced yet, and nothing of that was ever sent.
class Journal {
  public:
    /// Opens or makes the journal: cuts a torn tail, syncs what is there. Throws std::runtime_error
    /// when the folder cannot be used or another process uses it.
    explicit Journal(JournalOptions options);

    /// Names this journal on the bus: the proxy's name and a random part, made with the journal, so
    /// that a new journal is never taken for the continuation of a lost one.
    [[nodiscard]] const std::string& proxy_id() const { return proxy_id_; }
    [[nodiscard]] const std::string& folder() const { return options_.folder; }

    /// The most pieces in which an event is taken.
    static constexpr std::size_t max_pieces = 3;
    /// Writes one event with one system call, and gives its seq. Its bytes come in `pieces` that
    /// follow one another. 0 when it could not be written (no room, disk error); the event is
    /// counted as dropped then, and the next one is tried afresh.
    std::uint64_t append(std::span<const std::string_view> pieces);
    std::uint64_t append(std::string_view payload) { return append({&payload, 1}); }
    /// Writes all events of a batch, with one system call where they find room. `seqs` becomes
    /// theirs, in order; 0 for each that could not be written, as above.
    void append(Batch& batch, std::vector<std::uint64_t>& seqs);

    /// Whether an event of this size would find room now. One that can do with less asks first,
    /// since append() counts what it refuses.
    bool has_room(std::size_t payload_bytes);

    /// Makes what was appended before the call durable. False when the disk fails; what was
    /// appended is then still readable, and what follows goes to a new segment. For one thread, the
    /// publisher's.
    bool sync();

    /// Deletes the segments in which no event after `seq` stands. The newest segment always stays:
    /// its name keeps the place in the sequence.
    void release(std::uint64_t seq);

    [[nodiscard]] JournalStatus status() const;
    /// Seq of the newest event; cheap, for polling.
    [[nodiscard]] std::uint64_t last_seq() const {
        return last_seq_.load(std::memory_order_acquire);
    }

  private:
    struct Segment {
        std::uint64_t first_seq = 0;
        std::int64_t bytes = 0;
        std::chrono::system_clock::time_point written_at;  ///< The last time, once it is closed.
    };
    /// A descriptor kept open until all that was written through it is synced.
    using Handle = std::shared_ptr<UniqueFd>;

    void recover();
    void identify(bool is_new);
    std::int64_t cut_torn_tail(const std::string& path);
    bool open_segment();
    bool make_room(std::int64_t bytes);
    [[nodiscard]] bool is_oldest_acked() const;
    std::uint64_t take_oldest();
    void unlink_segment(std::uint64_t first_seq) const;
    bool prepare(std::int64_t bytes);
    bool put(std::span<const iovec> parts, std::int64_t bytes, std::uint64_t count);
    bool write_record(std::span<const std::string_view> pieces);
    bool write_batch(Batch& batch);
    void count_drop();

    // Constant after construction.
    JournalOptions options_;
    std::string proxy_id_;
    UniqueFd lock_;
    UniqueFd drops_;

    std::atomic<std::uint64_t> last_seq_{0};

    // Guarded by mutex_.
    mutable std::mutex mutex_;
    std::deque<Segment> segments_;
    Handle active_;
    std::vector<Handle> unsynced_;
    bool folder_changed_ = false;
    bool drops_changed_ = false;
    bool active_broken_ = false;
    std::uint64_t next_seq_ = 1;
    std::uint64_t synced_seq_ = 0;
    std::uint64_t acked_seq_ = 0;
    std::uint64_t dropped_ = 0;
    bool dropping_ = false;  ///< The last event could not be written.
    std::int64_t total_bytes_ = 0;
};

}  // namespace ccproxy::journal
