// A splitter of words for tests: runs of ASCII letters and digits, folded, and of whatever is not
// ASCII.
#pragma once

#include <cctype>
#include <string>

#include "analytics/search/tokens.hpp"

namespace ccproxy::analytics::test {

inline int split_plain_words(std::string_view text, const TokenSink& sink) {
    const auto in_word = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               static_cast<unsigned char>(c) >= 0x80;
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!in_word(text[at])) continue;
        const std::size_t begin = at;
        std::string word;
        for (; at < text.size() && in_word(text[at]); ++at) {
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(text[at])));
        }
        if (const int code = sink({word, begin, at})) return code;
    }
    return 0;
}

}  // namespace ccproxy::analytics::test
