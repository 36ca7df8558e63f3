#include "common/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace ccproxy {

std::size_t utf8_sequence_bytes(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto in = [&](std::size_t i, unsigned low, unsigned high) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return in(1, 0x80, 0xBF) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
        const unsigned high = first == 0xED ? 0x9F : 0xBF;
        return in(1, low, high) && in(2, 0x80, 0xBF) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned low = first == 0xF0 ? 0x90 : 0x80;
        const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
        return in(1, low, high) && in(2, 0x80, 0xBF) && in(3, 0x80, 0xBF) ? 4 : 0;
    }
    return 0;
}

namespace {

/// `text` without the ASCII it starts with, taken in blocks of eight words, then word by word; up
/// to seven more bytes may be left.
std::string_view skip_ascii(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080808080808080U;
    std::uint64_t words[8];
    while (text.size() >= sizeof words) {
        std::memcpy(words, text.data(), sizeof words);
        std::uint64_t all = 0;
        for (const std::uint64_t word : words) all |= word;
        if ((all & high_bits) != 0) break;
        text.remove_prefix(sizeof words);
    }
    while (text.size() >= sizeof words[0]) {
        std::memcpy(words, text.data(), sizeof words[0]);
        if ((words[0] & high_bits) != 0) break;
        text.remove_prefix(sizeof words[0]);
    }
    return text;
}

}  // namespace

bool is_utf8(std::string_view text) {
    for (text = skip_ascii(text); !text.empty();) {
        const std::size_t size = utf8_sequence_bytes(text);
        if (size == 0) return false;
        text.remove_prefix(size);
        if (size == 1) text = skip_ascii(text);
    }
    return true;
}

std::string clean_utf8(std::string_view text, std::size_t max_bytes) {
    static constexpr std::string_view replacement = "\xEF\xBF\xBD";
    std::string clean;
    while (!text.empty()) {
        const std::size_t size = utf8_sequence_bytes(text);
        const bool good = size != 0 && text.front() != '\0';
        const std::string_view piece = good ? text.substr(0, size) : replacement;
        if (clean.size() + piece.size() > max_bytes) break;
        clean.append(piece);
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return clean;
}

}  // namespace ccproxy
