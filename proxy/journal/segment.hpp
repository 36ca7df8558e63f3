// The bytes of a journal segment (EVENT_FORMAT.md, "The journal"): one header serves writer and
// reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ccproxy::journal {

/// A segment file starts with these bytes; the last one is the format's version.
inline constexpr std::string_view segment_magic = "ccpjrnl\x01";
inline constexpr std::size_t record_header_bytes = 16;
inline constexpr std::size_t max_payload_bytes = 64 * 1024 * 1024;

/// Header of a record: payload length (4 bytes), CRC32C of seq and payload (4 bytes), seq (8
/// bytes), all little-endian.
struct RecordHeader {
    std::uint32_t payload_bytes = 0;
    std::uint32_t crc = 0;
    std::uint64_t seq = 0;
};

/// Writes the 16 bytes of the header that goes before a payload, which is given in pieces that
/// follow one another and hold no more than max_payload_bytes.
void encode_record_header(std::uint64_t seq, std::span<const std::string_view> payload, char* out);

/// A record at the start of `bytes`; nullopt when there is no whole and intact one.
struct Record {
    std::uint64_t seq = 0;
    std::string_view payload;
    [[nodiscard]] std::size_t total_bytes() const { return record_header_bytes + payload.size(); }
};
std::optional<Record> decode_record(std::string_view bytes);

/// The header at the start of `bytes`, unchecked; `bytes` holds at least record_header_bytes.
RecordHeader decode_record_header(std::string_view bytes);

/// `00000000000000000042.seg` for a segment whose first record has seq 42.
std::string segment_name(std::uint64_t first_seq);
std::optional<std::uint64_t> parse_segment_name(std::string_view name);

/// First seqs of the segments in a folder, ascending.
std::vector<std::uint64_t> list_segments(const std::string& folder);

}  // namespace ccproxy::journal
