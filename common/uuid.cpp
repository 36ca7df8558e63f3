#include "common/uuid.hpp"

#include "common/random.hpp"

namespace ccproxy {
namespace {

std::string to_text(const std::array<unsigned char, 16>& bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
        text.push_back(digits[bytes[i] >> 4]);
        text.push_back(digits[bytes[i] & 15]);
    }
    return text;
}

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
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (c != '-') return false;
        } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) {
            return false;
        }
    }
    return true;
}

}  // namespace ccproxy
