#include "common/client_key.hpp"

#include <algorithm>

#include "common/hash.hpp"
#include "common/random.hpp"

namespace ccproxy {
namespace {

constexpr std::string_view prefix = "sk-ccp-";
constexpr std::string_view alphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t random_chars = 24;
constexpr std::size_t checksum_chars = 6;

std::string checksum(std::string_view text) {
    std::uint32_t crc = crc32c(text);
    std::string digits(checksum_chars, alphabet[0]);
    for (std::size_t i = checksum_chars; i-- > 0; crc /= 62) digits[i] = alphabet[crc % 62];
    return digits;
}

}  // namespace

std::string generate_client_key() {
    std::string key(prefix);
    while (key.size() < prefix.size() + random_chars) {
        unsigned char byte = 0;
        fill_random(&byte, 1);
        // 248 is the largest multiple of 62 in a byte: taking more would favour the first
        // characters.
        if (byte < 248) key.push_back(alphabet[byte % 62]);
    }
    return key + checksum(key);
}

bool is_client_key(std::string_view key) {
    if (key.size() != prefix.size() + random_chars + checksum_chars) return false;
    if (!key.starts_with(prefix)) return false;
    const auto is_base62 = [](char c) { return alphabet.find(c) != std::string_view::npos; };
    if (!std::all_of(key.begin() + prefix.size(), key.end(), is_base62)) return false;
    const std::size_t signed_size = key.size() - checksum_chars;
    return key.substr(signed_size) == checksum(key.substr(0, signed_size));
}

}  // namespace ccproxy
