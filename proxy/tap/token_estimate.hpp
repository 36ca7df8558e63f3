// How many tokens a text is taken for where an upstream does not count them: the one formula.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace ccproxy::tap {

/// Characters of a UTF-8 text.
inline std::int64_t count_chars(std::string_view text) {
    return std::count_if(text.begin(), text.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

/// 3.5 characters a token, as Anthropic's documentation has it for English text, rounded up.
inline std::int64_t estimated_tokens(std::int64_t chars) {
    return (2 * chars + 6) / 7;
}

}  // namespace ccproxy::tap
