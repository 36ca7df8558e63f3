#include "analytics/search/identifier.hpp"

#include <cstddef>

namespace ccproxy::analytics {
namespace {

constexpr std::size_t max_identifier_bytes = 64;
constexpr std::size_t max_parts = 8;

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

bool begins_part(std::string_view word, std::size_t at) {
    if (!is_upper(word[at])) return false;
    if (!is_upper(word[at - 1])) return true;
    // The last capital of HTTPServer begins a part; that of URLs, with nothing behind the s, does
    // not.
    return at + 2 < word.size() && is_lower(word[at + 1]);
}

}  // namespace

std::vector<std::string_view> identifier_parts(std::string_view word) {
    if (word.size() > max_identifier_bytes) return {};
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    std::size_t cuts = 0;
    for (std::size_t at = 1; at <= word.size(); ++at) {
        if (at < word.size() && !begins_part(word, at)) continue;
        if (at - begin > 1) parts.push_back(word.substr(begin, at - begin));
        begin = at;
        ++cuts;
    }
    if (cuts < 2 || cuts > max_parts) return {};
    return parts;
}

}  // namespace ccproxy::analytics
