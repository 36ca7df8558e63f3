#include "analytics/store/sqlite/pack_reader.hpp"

#include <algorithm>

#include "analytics/store/sqlite/message_codec.hpp"
#include "analytics/store/sqlite/pack_codec.hpp"
#include "analytics/store/sqlite/raw_statement.hpp"

namespace ccproxy::analytics {
namespace {

/// Together 2 MiB, as long as packs have the size that they are made for.
constexpr std::size_t most_known = 8;
constexpr std::size_t largest_known_bytes = std::size_t{512} << 10;

std::string part_of(const std::string& content, std::int64_t place, std::int64_t bytes) {
    const auto size = static_cast<std::int64_t>(content.size());
    if (place < 0 || bytes < 0 || place > size || bytes > size - place) {
        throw DamagedMessage("a message has no place in its pack");
    }
    return content.substr(static_cast<std::size_t>(place), static_cast<std::size_t>(bytes));
}

}  // namespace

std::string PackReader::read(std::int64_t pack, std::int64_t place, std::int64_t bytes) {
    if (const std::string* content = find(pack)) return part_of(*content, place, bytes);
    std::string content = read_whole(pack);
    std::string message = part_of(content, place, bytes);
    if (content.size() <= largest_known_bytes) {
        if (known_.size() == most_known) known_.pop_back();
        known_.emplace_front(pack, std::move(content));
    }
    return message;
}

std::string PackReader::read_whole(std::int64_t pack) const {
    RawStatement row(database_, "SELECT encoding, bytes, body FROM message_packs WHERE id = ?");
    row.bind(1, pack);
    if (!row.step()) throw DamagedMessage("a pack of messages is missing");
    return decode_pack(row.integer(0), row.bytes(2), row.integer(1));
}

const std::string* PackReader::find(std::int64_t pack) {
    const auto is_wanted = [pack](const auto& entry) { return entry.first == pack; };
    const auto known = std::ranges::find_if(known_, is_wanted);
    if (known == known_.end()) return nullptr;
    std::rotate(known_.begin(), known, known + 1);
    return &known_.front().second;
}

}  // namespace ccproxy::analytics
