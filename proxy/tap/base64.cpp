#include "proxy/tap/base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace ccproxy::tap {
namespace {

constexpr std::uint8_t space = 64;
constexpr std::uint8_t padding = 65;
constexpr std::uint8_t invalid = 66;

constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(invalid);
    std::uint8_t next = 0;
    for (char c = 'A'; c <= 'Z'; ++c) values[static_cast<unsigned char>(c)] = next++;
    for (char c = 'a'; c <= 'z'; ++c) values[static_cast<unsigned char>(c)] = next++;
    for (char c = '0'; c <= '9'; ++c) values[static_cast<unsigned char>(c)] = next++;
    values['+'] = next++;
    values['/'] = next;
    for (const char c : {' ', '\t', '\r', '\n'}) values[static_cast<unsigned char>(c)] = space;
    values['='] = padding;
    return values;
}

constexpr std::array<std::uint8_t, 256> values = make_values();

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 3);
    std::uint32_t bits = 0;
    std::size_t digits = 0;
    std::size_t paddings = 0;
    for (const char c : text) {
        const std::uint8_t value = values[static_cast<unsigned char>(c)];
        if (value < space) {
            if (paddings > 0) return std::nullopt;
            bits = bits << 6 | value;
            if (++digits % 4 != 0) continue;
            bytes.push_back(static_cast<char>(bits >> 16));
            bytes.push_back(static_cast<char>(bits >> 8));
            bytes.push_back(static_cast<char>(bits));
        } else if (value == padding) {
            if (++paddings > 2) return std::nullopt;
        } else if (value == invalid) {
            return std::nullopt;
        }
    }
    const std::size_t left = digits % 4;
    if (left == 1 || (paddings > 0 && left + paddings != 4)) return std::nullopt;
    if (left >= 2) bytes.push_back(static_cast<char>(bits >> (left == 2 ? 4 : 10)));
    if (left == 3) bytes.push_back(static_cast<char>(bits >> 2));
    return bytes;
}

}  // namespace ccproxy::tap
