// Ids, times and digests.
#include "tests/support/upstream_sim/identity.hpp"

#include <openssl/sha.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>

namespace upstream_sim {
namespace {

std::string formatted(std::int64_t seconds, const char* format) {
    const auto time = static_cast<std::time_t>(seconds);
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::array<char, 64> text{};
    return std::string(text.data(), std::strftime(text.data(), text.size(), format, &parts));
}

}  // namespace

Ids::Ids() {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    random_.seed(seed);
}

std::string Ids::base62(int length) {
    static constexpr std::string_view kDigits =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string out;
    std::uint64_t pool = 0;
    for (int i = 0; i < length; ++i) {
        // Ten digits of base 62 take 60 of the 64 random bits.
        if (i % 10 == 0) pool = random_();
        out += kDigits[pool % kDigits.size()];
        pool /= kDigits.size();
    }
    return out;
}

std::int64_t now_ms() {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    return duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string http_date(std::int64_t seconds) {
    return formatted(seconds, "%a, %d %b %Y %H:%M:%S GMT");
}

std::string rfc3339(std::int64_t seconds) {
    return formatted(seconds, "%Y-%m-%dT%H:%M:%SZ");
}

std::string sha256_hex(std::string_view data) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data());
    std::string out;
    out.reserve(digest.size() * 2);
    for (const unsigned char byte : digest) {
        out += kHex[byte >> 4U];
        out += kHex[byte & 15U];
    }
    return out;
}

}  // namespace upstream_sim
