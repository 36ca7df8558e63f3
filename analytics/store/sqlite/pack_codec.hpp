// The bodies of packs as they stand in the database.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccproxy::analytics {

/// message_packs.encoding. Numbers are never given another meaning.
enum class PackEncoding : std::int64_t {
    zstd = 1  ///< One frame (RFC 8878) with its content's size and checksum.
};

/// zstd's levels: the first for packs that stay, the other where somebody waits. Figures:
/// tests/bench/README.md.
inline constexpr int thorough_level = 9;
inline constexpr int fast_level = 3;

/// With PackEncoding::zstd. Throws std::runtime_error when memory does not suffice.
std::string encode_pack(std::string_view content, int level);

/// `bytes` is the size of the content. Throws DamagedMessage when the body is damaged, or of an
/// encoding that is not known here; takes no more memory than the content may have.
std::string decode_pack(std::int64_t encoding, std::string_view body, std::int64_t bytes);

}  // namespace ccproxy::analytics
