// The two hashes in use: SHA-256 for keys, CRC32C for records on disk.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccproxy {

using Sha256 = std::array<unsigned char, 32>;

Sha256 sha256(std::string_view bytes);

/// 64 lower-case hexadecimal digits.
std::string to_hex(const Sha256& digest);

/// The digest that 64 hexadecimal digits spell; false leaves `digest` as it was.
bool from_hex(std::string_view text, Sha256& digest);

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4). Pass the result of one piece as `crc` of the next.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);

/// Compares two secrets in a time that depends on neither, their lengths included.
bool equal_secrets(std::string_view left, std::string_view right);

}  // namespace ccproxy
