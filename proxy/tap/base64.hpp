// Base64 (RFC 4648, section 4), as images and documents are sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ccproxy::tap {

/// The bytes that `text` spells. White space between the characters is passed over, and padding at
/// the end may be left out. nullopt when anything else stands there.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace ccproxy::tap
