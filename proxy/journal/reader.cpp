#include "proxy/journal/reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "proxy/journal/packing.hpp"
#include "proxy/journal/segment.hpp"

namespace ccproxy::journal {
namespace {

constexpr std::size_t block_bytes = 256 * 1024;
/// No segment holds more records than this; a header that claims more is not one.
constexpr std::uint64_t max_seq_step = std::uint64_t{1} << 32;

}  // namespace

JournalReader::JournalReader(std::string folder)
    : folder_(std::move(folder)), read_(std::make_unique<Block>(block_bytes)), pool_(block_bytes) {}

void JournalReader::seek(std::uint64_t seq) {
    wanted_ = std::max<std::uint64_t>(seq, 1);
    file_.close();
    segment_ = 0;
}

bool JournalReader::open_segment_for(std::uint64_t seq) {
    const std::vector<std::uint64_t> segments = list_segments(folder_);
    auto after = std::upper_bound(segments.begin(), segments.end(), seq);
    if (after != segments.begin()) --after;
    if (after == segments.end() || *after == segment_) return false;
    file_ = open_file(folder_ + "/" + segment_name(*after), O_RDONLY);
    segment_ = *after;
    offset_ = segment_magic.size();
    forget_read();
    return true;
}

bool JournalReader::fill(std::size_t at_least_bytes) {
    if (size_ - used_ >= at_least_bytes) return true;
    const std::size_t have = size_ - used_;
    const std::size_t wanted_bytes = std::max(at_least_bytes, block_bytes);
    if (read_->size() == wanted_bytes) {
        std::memmove(read_->data(), read_->data() + used_, have);
    } else {
        // As large as a large record needs it, for as long as it does.
        auto other = std::make_unique<Block>(wanted_bytes);
        std::memcpy(other->data(), read_->data() + used_, have);
        read_ = std::move(other);
    }
    offset_ += used_;
    used_ = 0;
    size_ = have;
    ssize_t got = 0;
    do {
        got = ::pread(file_.get(), read_->data() + have, read_->size() - have,
                      static_cast<off_t>(offset_ + have));
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        throw std::runtime_error(folder_ + "/" + segment_name(segment_) +
                                 ": cannot be read: " + std::strerror(errno));
    }
    size_ += static_cast<std::size_t>(got);
    return size_ >= at_least_bytes;
}

/// The event in a payload, where it can be lent.
std::optional<std::string_view> JournalReader::unpacked(std::string_view payload) {
    const std::optional<std::size_t> bytes = unpacked_bytes(payload);
    if (!bytes) return std::nullopt;
    char* const out = room_for(*bytes);
    if (!unpack(payload, out)) return std::nullopt;
    events_end_ += *bytes;
    return std::string_view(out, *bytes);
}

char* JournalReader::room_for(std::size_t event_bytes) {
    if (events_ != nullptr && !events_->is_lent()) events_end_ = 0;
    // A block that had to be larger than usual goes back after one event.
    const bool fits = events_ != nullptr && events_->size() == block_bytes &&
                      events_->size() - events_end_ >= event_bytes;
    if (!fits) {
        events_ = &pool_.take(event_bytes);
        events_end_ = 0;
    }
    return events_->data() + events_end_;
}

std::optional<JournalReader::Entry> JournalReader::scan(std::uint64_t last_seq) {
    std::optional<std::uint64_t> damage;
    while (fill(record_header_bytes)) {
        const RecordHeader header = decode_record_header(unread());
        const bool plausible = header.payload_bytes <= max_payload_bytes &&
                               header.seq >= segment_ && header.seq - segment_ <= max_seq_step;
        const std::size_t bytes = record_header_bytes + header.payload_bytes;
        if (plausible && fill(bytes)) {
            const auto record = decode_record(unread().substr(0, bytes));
            if (record && record->seq > last_seq) break;
            if (record) {
                used_ += bytes;
                damage.reset();
                if (record->seq < wanted_) continue;
                const auto event = unpacked(record->payload);
                if (!event) continue;
                wanted_ = record->seq + 1;
                return Entry{record->seq, *event};
            }
        }
        // Damaged: look for the next intact record byte by byte.
        if (!damage) damage = offset_ + used_;
        ++used_;
    }
    if (damage) {
        // No intact record behind the damage yet. Come back to it: what looked damaged at the very
        // end may be a record in the middle of being written.
        offset_ = *damage;
        forget_read();
    }
    return std::nullopt;
}

std::optional<JournalReader::Entry> JournalReader::next(std::uint64_t last_seq) {
    if (wanted_ > last_seq) return std::nullopt;
    if (segment_ == 0 && !open_segment_for(wanted_)) return std::nullopt;
    for (;;) {
        if (std::optional<Entry> entry = scan(last_seq)) return entry;
        // What was asked for is not in this segment: it is in a later one, or the disk has lost it.
        const std::vector<std::uint64_t> segments = list_segments(folder_);
        const auto later = std::upper_bound(segments.begin(), segments.end(), segment_);
        if (later == segments.end() || *later > last_seq) return std::nullopt;
        wanted_ = std::max(wanted_, *later);
        if (!open_segment_for(*later)) return std::nullopt;
    }
}

}  // namespace ccproxy::journal
