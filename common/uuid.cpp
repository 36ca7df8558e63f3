#include "common/uuid.hpp"

#include "common/random.hpp"

namespace ccproxy {
namespace {

/// Where the two digits of each byte stand in a UUID's text.
constexpr std::array<std::size_t, 16> digits_at{0,  2,  4,  6,  9,  11, 14, 16,
                                                19, 21, 24, 26, 28, 30, 32, 34};

std::string to_text(const std::array<unsigned char, 16>& bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    char text[] = "........-....-....-....-............";
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        text[digits_at[i]] = digits[bytes[i] >> 4];
        text[digits_at[i] + 1] = digits[bytes[i] & 15];
    }
    return {text, sizeof text - 1};
}

constexpr std::array<bool, 256> is_hex_digit = [] {
    std::array<bool, 256> is{};
    for (const char c : std::string_view("0123456789abcdefABCDEF")) {
        is[static_cast<unsigned char>(c)] = true;
    }
    return is;
}();

}  // namespace

std::string UuidV7Generator::next(std::int64_t unix_ms) {
    constexpr std::size_t random_bytes = 10;
    if (used_ + random_bytes > random_.size()) {
        fill_random(random_.data(), random_.size());
        used_ = 0;
    }
    std::array<unsigned char, 16> bytes{};
    for (std::size_t i = 0; i < 6; ++i) {
        bytes[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(unix_ms) >> (40 - 8 * i));
    }
    for (std::size_t i = 6; i < 16; ++i) bytes[i] = random_[used_++];
    bytes[6] = static_cast<unsigned char>(0x70 | (bytes[6] & 0x0f));
    bytes[8] = static_cast<unsigned char>(0x80 | (bytes[8] & 0x3f));

    return to_text(bytes);
}

std::string random_uuid() {
    std::array<unsigned char, 16> bytes{};
    fill_random(bytes.data(), bytes.size());
    bytes[6] = static_cast<unsigned char>(0x40 | (bytes[6] & 0x0f));
    bytes[8] = static_cast<unsigned char>(0x80 | (bytes[8] & 0x3f));
    return to_text(bytes);
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) {
        if (text[dash] != '-') return false;
    }
    bool good = true;
    for (const std::size_t at : digits_at) {
        good &= is_hex_digit[static_cast<unsigned char>(text[at])] &&
                is_hex_digit[static_cast<unsigned char>(text[at + 1])];
    }
    return good;
}

}  // namespace ccproxy
