// The bodies of messages as they stand in the database, each for itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ccproxy::analytics {

/// What stands in the database cannot be what was written there.
class DamagedMessage : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// No message and no pack is larger: a whole conversation has at most half of it. Keeps a damaged
/// size from taking all memory.
inline constexpr std::int64_t max_message_bytes = std::int64_t{64} << 20;

/// message_bodies.encoding. Numbers are never given another meaning.
enum class BodyEncoding : std::int64_t {
    plain = 0,
    deflate = 1  ///< RFC 1951, without a header.
};

struct EncodedBody {
    BodyEncoding encoding = BodyEncoding::plain;
    std::string bytes;
};

/// Deflated, unless that gains nothing.
EncodedBody deflate_body(std::string_view text);

/// `bytes` is the size of the text. Throws DamagedMessage when the body is damaged, or of an
/// encoding that is not known here.
std::string decode_body(std::int64_t encoding, std::string_view body, std::int64_t bytes);

}  // namespace ccproxy::analytics
