// The bodies of messages as they stand in the database.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccproxy::analytics {

/// messages.encoding. Numbers are never given another meaning.
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

/// `bytes` is the size of the text. Throws std::runtime_error when the body is damaged, or of an
/// encoding that is not known here.
std::string decode_body(std::int64_t encoding, std::string_view body, std::size_t bytes);

}  // namespace ccproxy::analytics
