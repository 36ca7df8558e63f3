#include "proxy/journal/segment.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "common/hash.hpp"

namespace ccproxy::journal {
namespace {

static_assert(std::endian::native == std::endian::little, "the journal is little-endian");

template <class T>
T load(const char* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

}  // namespace

void encode_record_header(std::uint64_t seq, std::span<const std::string_view> payload, char* out) {
    std::memcpy(out + 8, &seq, sizeof seq);
    std::uint32_t crc = crc32c({out + 8, sizeof seq});
    std::uint32_t size = 0;
    for (const std::string_view piece : payload) {
        crc = crc32c(piece, crc);
        size += static_cast<std::uint32_t>(piece.size());
    }
    std::memcpy(out, &size, sizeof size);
    std::memcpy(out + 4, &crc, sizeof crc);
}

RecordHeader decode_record_header(std::string_view bytes) {
    return {load<std::uint32_t>(bytes.data()), load<std::uint32_t>(bytes.data() + 4),
            load<std::uint64_t>(bytes.data() + 8)};
}

std::optional<Record> decode_record(std::string_view bytes) {
    if (bytes.size() < record_header_bytes) return std::nullopt;
    const RecordHeader header = decode_record_header(bytes);
    if (header.payload_bytes > max_payload_bytes || header.seq == 0) return std::nullopt;
    if (bytes.size() < record_header_bytes + header.payload_bytes) return std::nullopt;
    const std::string_view payload = bytes.substr(record_header_bytes, header.payload_bytes);
    if (crc32c(payload, crc32c(bytes.substr(8, 8))) != header.crc) return std::nullopt;
    return Record{header.seq, payload};
}

std::string segment_name(std::uint64_t first_seq) {
    char name[32];
    std::snprintf(name, sizeof name, "%020llu.seg", static_cast<unsigned long long>(first_seq));
    return name;
}

std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
    if (name.size() != 24 || !name.ends_with(".seg")) return std::nullopt;
    std::uint64_t seq = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + 20, seq);
    if (error != std::errc() || end != name.data() + 20 || seq == 0) return std::nullopt;
    return seq;
}

std::vector<std::uint64_t> list_segments(const std::string& folder) {
    std::vector<std::uint64_t> seqs;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (const auto seq = parse_segment_name(entry.path().filename().string())) {
            seqs.push_back(*seq);
        }
    }
    std::sort(seqs.begin(), seqs.end());
    return seqs;
}

}  // namespace ccproxy::journal
