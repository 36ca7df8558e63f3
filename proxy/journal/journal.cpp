#include "proxy/journal/journal.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "common/random.hpp"
#include "proxy/journal/segment.hpp"

namespace ccproxy::journal {
namespace {

namespace fs = std::filesystem;

std::string random_suffix() {
    static constexpr char digits[] = "0123456789abcdef";
    unsigned char bytes[6];
    fill_random(bytes, sizeof bytes);
    std::string text;
    for (const unsigned char byte : bytes) {
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15]);
    }
    return text;
}

std::chrono::system_clock::time_point written_at(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return {};
    return std::chrono::system_clock::from_time_t(status.st_mtime);
}

}  // namespace

Journal::Journal(JournalOptions options) : options_(std::move(options)) {
    fs::create_directories(options_.folder);
    fs::permissions(options_.folder, fs::perms::owner_all);
    lock_ = open_file(options_.folder + "/lock", O_RDWR | O_CREAT);
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
        throw std::runtime_error(options_.folder + ": another process uses this journal");
    }
    recover();
    sync_folder(options_.folder);
}

void Journal::recover() {
    const std::vector<std::uint64_t> seqs = list_segments(options_.folder);
    identify(seqs.empty());
    for (const std::uint64_t first_seq : seqs) {
        const std::string path = options_.folder + "/" + segment_name(first_seq);
        // A process that was killed may have left any of them unsynced.
        if (::fdatasync(open_file(path, O_WRONLY).get()) != 0) {
            throw std::runtime_error(path + ": cannot be synced");
        }
        const bool newest = first_seq == seqs.back();
        next_seq_ = std::max(next_seq_, first_seq);
        const std::int64_t bytes =
            newest ? cut_torn_tail(path) : static_cast<std::int64_t>(fs::file_size(path));
        segments_.push_back({first_seq, bytes, written_at(path)});
        total_bytes_ += bytes;
    }
    if (segments_.empty()) {
        if (!open_segment()) throw std::runtime_error(options_.folder + ": cannot be written");
    } else {
        const std::string path = options_.folder + "/" + segment_name(segments_.back().first_seq);
        active_ = std::make_shared<UniqueFd>(open_file(path, O_WRONLY | O_APPEND));
        if (::fdatasync(active_->get()) != 0) throw std::runtime_error(path + ": cannot be synced");
    }
    last_seq_ = synced_seq_ = next_seq_ - 1;
}

void Journal::identify(bool is_new) {
    const std::string drops_path = options_.folder + "/dropped";
    proxy_id_ = read_file(options_.folder + "/id");
    // Without its segments a journal has lost its place in the sequence, and must not go on under
    // its old id.
    if (proxy_id_.empty() || is_new) {
        proxy_id_ = options_.proxy_name + "-" + random_suffix();
        replace_file(options_.folder + "/id", proxy_id_);
        replace_file(drops_path, std::string(sizeof dropped_, '\0'));
    }
    const std::string drops = read_file(drops_path);
    if (drops.size() == sizeof dropped_) std::memcpy(&dropped_, drops.data(), sizeof dropped_);
    drops_ = open_file(drops_path, O_RDWR | O_CREAT);
    // Written now, so that a later overwrite needs no new block on a full disk.
    if (::pwrite(drops_.get(), &dropped_, sizeof dropped_, 0) != sizeof dropped_) {
        throw std::runtime_error(drops_path + ": cannot be written");
    }
}

std::int64_t Journal::cut_torn_tail(const std::string& path) {
    const UniqueFd file = open_file(path, O_RDWR);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) throw std::runtime_error(path + ": cannot be read");
    const auto size = static_cast<std::size_t>(status.st_size);
    std::size_t good = 0;
    if (size > 0) {
        void* map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
        if (map == MAP_FAILED) throw std::runtime_error(path + ": cannot be read");
        const std::string_view bytes(static_cast<const char*>(map), size);
        // An intact record may stand behind a damaged one: only what follows the last intact one is
        // torn.
        if (bytes.starts_with(segment_magic)) good = segment_magic.size();
        for (std::size_t at = good; good > 0 && at + record_header_bytes <= size;) {
            const RecordHeader header = decode_record_header(bytes.substr(at));
            const bool plausible =
                header.seq >= next_seq_ && header.seq - next_seq_ <= size / record_header_bytes;
            const auto record = plausible ? decode_record(bytes.substr(at)) : std::nullopt;
            if (record) {
                next_seq_ = record->seq + 1;
                at += record->total_bytes();
                good = at;
            } else {
                ++at;
            }
        }
        ::munmap(map, size);
    }
    if (good < size) {
        spdlog::warn("journal: cut {} torn bytes off {}", size - good, path);
        if (::ftruncate(file.get(), static_cast<off_t>(good)) != 0) {
            throw std::runtime_error(path + ": cannot be cut");
        }
    }
    // On a full disk even this may fail: then events are dropped until a new segment can be made.
    active_broken_ = good == 0 && ::pwrite(file.get(), segment_magic.data(), segment_magic.size(),
                                           0) != static_cast<ssize_t>(segment_magic.size());
    return static_cast<std::int64_t>(std::max(good, segment_magic.size()));
}

bool Journal::open_segment() {
    const std::string path = options_.folder + "/" + segment_name(next_seq_);
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.is_open()) return false;
    if (::write(file.get(), segment_magic.data(), segment_magic.size()) !=
        static_cast<ssize_t>(segment_magic.size())) {
        // A segment that never took a record has this name too, and is the newest still.
        active_broken_ = true;
        if (segments_.empty() || segments_.back().first_seq != next_seq_) ::unlink(path.c_str());
        return false;
    }
    const auto bytes = static_cast<std::int64_t>(segment_magic.size());
    if (!segments_.empty() && segments_.back().first_seq == next_seq_) {
        // The segment before it never took a record, and had the same name.
        total_bytes_ -= segments_.back().bytes;
        segments_.pop_back();
    }
    if (!segments_.empty()) segments_.back().written_at = std::chrono::system_clock::now();
    segments_.push_back({next_seq_, bytes, {}});
    total_bytes_ += bytes;
    active_ = std::make_shared<UniqueFd>(std::move(file));
    active_broken_ = false;
    folder_changed_ = true;
    return true;
}

std::uint64_t Journal::append(std::span<const std::string_view> pieces) {
    Handle handle;
    std::uint64_t seq = 0;
    {
        const std::lock_guard lock(mutex_);
        if (!write_record(pieces)) {
            count_drop();
            return 0;
        }
        seq = next_seq_ - 1;
        if (!options_.sync_each_append) return seq;
        handle = active_;
    }
    return ::fdatasync(handle->get()) == 0 ? seq : 0;
}

void Journal::append(Batch& batch, std::vector<std::uint64_t>& seqs) {
    seqs.clear();
    if (batch.is_empty()) return;
    Handle handle;
    {
        const std::lock_guard lock(mutex_);
        if (write_batch(batch)) {
            for (std::size_t i = batch.count(); i > 0; --i) seqs.push_back(next_seq_ - i);
        } else {
            // Some of them may find room.
            for (std::size_t i = 0; i < batch.count(); ++i) {
                const std::string_view payload = batch.payload(i);
                const bool written = write_record({&payload, 1});
                if (!written) count_drop();
                seqs.push_back(written ? next_seq_ - 1 : 0);
            }
        }
        if (!options_.sync_each_append) return;
        handle = active_;
    }
    if (::fdatasync(handle->get()) != 0) seqs.assign(batch.count(), 0);
}

bool Journal::has_room(std::size_t payload_bytes) {
    const std::lock_guard lock(mutex_);
    return payload_bytes <= max_payload_bytes &&
           make_room(static_cast<std::int64_t>(record_header_bytes + payload_bytes));
}

/// Finds the place for so many bytes of records, in a new segment when this one is full. False,
/// with errno, when there is none.
bool Journal::prepare(std::int64_t bytes) {
    if (!make_room(bytes)) {
        errno = EDQUOT;
        return false;
    }
    const bool full = segments_.back().bytes + bytes > options_.segment_bytes &&
                      segments_.back().first_seq != next_seq_;
    return (!full && !active_broken_) || open_segment();
}

/// Writes whole records, `count` of them. False, with errno, when not all could be written; nothing
/// of them is left then.
bool Journal::put(std::span<const iovec> parts, std::int64_t bytes, std::uint64_t count) {
    ssize_t put = 0;
    do {
        put = ::writev(active_->get(), parts.data(), static_cast<int>(parts.size()));
    } while (put < 0 && errno == EINTR);
    if (put != bytes) {
        // A part of a record may stand there now: take it away, or leave the segment behind.
        if (put > 0 && ::ftruncate(active_->get(), segments_.back().bytes) != 0) {
            active_broken_ = true;
        }
        // Who takes less than all sets no errno.
        if (put >= 0) errno = ENOSPC;
        return false;
    }
    if (std::exchange(dropping_, false)) {
        spdlog::info("journal: events are taken again; {} were dropped so far", dropped_);
    }
    segments_.back().bytes += bytes;
    total_bytes_ += bytes;
    if (unsynced_.empty() || unsynced_.back() != active_) unsynced_.push_back(active_);
    next_seq_ += count;
    last_seq_.store(next_seq_ - 1, std::memory_order_release);
    return true;
}

bool Journal::write_record(std::span<const std::string_view> pieces) {
    std::size_t payload_bytes = 0;
    for (const std::string_view piece : pieces) payload_bytes += piece.size();
    if (payload_bytes > max_payload_bytes || pieces.size() > max_pieces) {
        errno = EMSGSIZE;
        return false;
    }
    const auto bytes = static_cast<std::int64_t>(record_header_bytes + payload_bytes);
    if (!prepare(bytes)) return false;
    char header[record_header_bytes];
    encode_record_header(next_seq_, pieces, header);
    iovec parts[1 + max_pieces] = {{header, sizeof header}};
    std::size_t part_count = 1;
    for (const std::string_view piece : pieces) {
        parts[part_count++] = {const_cast<char*>(piece.data()), piece.size()};
    }
    return put({parts, part_count}, bytes, 1);
}

bool Journal::write_batch(Batch& batch) {
    const auto bytes = static_cast<std::int64_t>(batch.bytes());
    if (batch.bytes() > max_payload_bytes || !prepare(bytes)) return false;
    const std::string_view records = batch.records(next_seq_);
    const iovec part = {const_cast<char*>(records.data()), records.size()};
    return put({&part, 1}, bytes, batch.count());
}

void Journal::count_drop() {
    ++dropped_;
    drops_changed_ = true;
    if (!dropping_) {
        spdlog::error("journal: events are being dropped, it holds {} of {} bytes: {}",
                      total_bytes_, options_.max_bytes, std::strerror(errno));
    }
    dropping_ = true;
    if (::pwrite(drops_.get(), &dropped_, sizeof dropped_, 0) != sizeof dropped_) {
        spdlog::error("journal: the count of dropped events could not be written");
    }
}

bool Journal::sync() {
    std::vector<Handle> handles;
    std::uint64_t up_to = 0;
    bool folder_changed = false;
    bool drops_changed = false;
    {
        const std::lock_guard lock(mutex_);
        handles.swap(unsynced_);
        up_to = next_seq_ - 1;
        drops_changed = std::exchange(drops_changed_, false);
        folder_changed = folder_changed_;
        folder_changed_ = false;
    }
    // The count of drops is for people: it is synced with the rest, and never waited for.
    bool good = !drops_changed || ::fdatasync(drops_.get()) == 0;
    for (const Handle& handle : handles) good = ::fdatasync(handle->get()) == 0 && good;
    if (folder_changed) {
        try {
            sync_folder(options_.folder);
        } catch (const std::exception& error) {
            spdlog::error("journal: {}", error.what());
            good = false;
        }
    }
    const std::lock_guard lock(mutex_);
    // After a failed sync the kernel may have thrown the pages away, or may call a second sync a
    // success: what was written is sent on while it can be read, and this segment takes nothing
    // more.
    if (!good) active_broken_ = true;
    synced_seq_ = up_to;
    return good;
}

void Journal::release(std::uint64_t seq) {
    const auto kept_since = std::chrono::system_clock::now() - options_.retain;
    std::vector<std::uint64_t> old;
    {
        const std::lock_guard lock(mutex_);
        acked_seq_ = std::max(acked_seq_, seq);
        // Not before the newest segment's name is durable: a power cut must not leave the folder
        // without one.
        while (!folder_changed_ && is_oldest_acked() &&
               segments_.front().written_at <= kept_since) {
            old.push_back(take_oldest());
        }
    }
    // Deleting a segment takes milliseconds, in which requests must be able to append.
    for (const std::uint64_t first_seq : old) unlink_segment(first_seq);
}

/// What is retained gives way to what is new.
bool Journal::make_room(std::int64_t bytes) {
    while (total_bytes_ + bytes > options_.max_bytes && is_oldest_acked()) {
        unlink_segment(take_oldest());
    }
    return total_bytes_ + bytes <= options_.max_bytes;
}

/// Whether all of the oldest segment is acknowledged, and it is not the newest as well.
bool Journal::is_oldest_acked() const {
    return segments_.size() > 1 && segments_[1].first_seq <= acked_seq_ + 1;
}

/// Its name; the file is the caller's to delete.
std::uint64_t Journal::take_oldest() {
    const Segment oldest = segments_.front();
    segments_.pop_front();
    total_bytes_ -= oldest.bytes;
    return oldest.first_seq;
}

void Journal::unlink_segment(std::uint64_t first_seq) const {
    ::unlink((options_.folder + "/" + segment_name(first_seq)).c_str());
}

JournalStatus Journal::status() const {
    const std::lock_guard lock(mutex_);
    return {next_seq_, synced_seq_, segments_.front().first_seq, dropped_, total_bytes_};
}

}  // namespace ccproxy::journal
