// Reads a journal's events in order while it is being written.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/journal/blocks.hpp"
#include "proxy/journal/file.hpp"

namespace ccproxy::journal {

/// For one thread. Reads the files by itself; the journal is only asked, by the caller, how far it
/// may be read.
class JournalReader {
  public:
    explicit JournalReader(std::string folder);

    struct Entry {
        std::uint64_t seq = 0;
        std::string_view event;  ///< Valid until the next call.
    };

    /// The next call of next() starts at the first event with at least this seq.
    void seek(std::uint64_t seq);

    /// The next event in order, up to and including `last_seq`. Where the disk has damaged a
    /// record, the next intact one is returned, so a seq may jump. nullopt when there is none yet.
    /// Throws when a file cannot be read.
    std::optional<Entry> next(std::uint64_t last_seq);

    /// Where the last entry's event stands. While it is lent the event stays valid.
    [[nodiscard]] Block& block() { return *events_; }
    /// The memory of blocks that are lent. The caller keeps it bounded: next() reads on into
    /// others.
    [[nodiscard]] std::size_t lent_bytes() const { return pool_.lent_bytes(); }

  private:
    bool open_segment_for(std::uint64_t seq);
    bool fill(std::size_t at_least_bytes);
    std::optional<Entry> scan(std::uint64_t last_seq);
    std::optional<std::string_view> unpacked(std::string_view payload);
    char* room_for(std::size_t event_bytes);
    void forget_read() { size_ = used_ = 0; }
    [[nodiscard]] std::string_view unread() const { return {read_->data() + used_, size_ - used_}; }

    std::string folder_;
    std::uint64_t wanted_ = 1;
    UniqueFd file_;
    std::uint64_t segment_ = 0;    ///< First seq of the open segment; 0 when none is.
    std::uint64_t offset_ = 0;     ///< Of the first byte of read_ in the file.
    std::unique_ptr<Block> read_;  ///< Records as they stand there; never lent.
    std::size_t size_ = 0;         ///< Bytes of read_ that were read.
    std::size_t used_ = 0;         ///< Of these, bytes of records that were looked at.
    BlockPool pool_;
    Block* events_ = nullptr;     ///< Of the pool; nullptr before the first event.
    std::size_t events_end_ = 0;  ///< Of the last event in events_.
};

}  // namespace ccproxy::journal
