// CRC-32C, by the processor's instruction where it has one.
#include <array>
#include <boost/crc.hpp>
#include <cstring>

#include "common/hash.hpp"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace ccproxy {
namespace {

std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t crc) {
    boost::crc_optimal<32, 0x1EDC6F41, 0, 0, true, true> sum(crc);
    sum.process_bytes(bytes.data(), bytes.size());
    return sum.checksum();
}

#if defined(__x86_64__)

// The instruction takes a word in three cycles, but a new one each cycle: three stripes of a text
// side by side take hardly longer than one. Their sums are then put together: a sum behind which
// `stripe_bytes` zeros are added is a linear function of the sum, hence the exclusive or of what
// its four bytes contribute, each from a table.
constexpr std::size_t stripe_bytes = 1024;
constexpr std::size_t stripe_doublings = 13;  ///< 2^13 bits are a stripe.
static_assert(std::size_t{1} << stripe_doublings == 8 * stripe_bytes);

/// A linear function of 32 bits: what each of them contributes.
using BitMatrix = std::array<std::uint32_t, 32>;
using ByteTables = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr std::uint32_t apply(const BitMatrix& matrix, std::uint32_t bits) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; bits != 0; ++i, bits >>= 1) {
        if ((bits & 1) != 0) sum ^= matrix[i];
    }
    return sum;
}

constexpr ByteTables make_stripe_tables() {
    BitMatrix zeros{};  // Adds one zero bit; squared again and again, a stripe of them.
    zeros[0] = 0x82F63B78;
    for (std::size_t i = 1; i < zeros.size(); ++i) zeros[i] = std::uint32_t{1} << (i - 1);
    for (std::size_t n = 0; n < stripe_doublings; ++n) {
        BitMatrix squared{};
        for (std::size_t i = 0; i < zeros.size(); ++i) squared[i] = apply(zeros, zeros[i]);
        zeros = squared;
    }
    ByteTables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        for (std::uint32_t at = 0; at < 4; ++at) tables[at][byte] = apply(zeros, byte << (8 * at));
    }
    return tables;
}

constexpr ByteTables stripe_tables = make_stripe_tables();

std::uint64_t behind_stripe(std::uint64_t sum) {
    return stripe_tables[0][sum & 0xff] ^ stripe_tables[1][(sum >> 8) & 0xff] ^
           stripe_tables[2][(sum >> 16) & 0xff] ^ stripe_tables[3][(sum >> 24) & 0xff];
}

__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(std::string_view bytes,
                                                             std::uint32_t crc) {
    const auto word = [](const char* at) {
        std::uint64_t value;
        std::memcpy(&value, at, sizeof value);
        return value;
    };
    const char* at = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t sum = crc;
    for (; left >= 3 * stripe_bytes; at += 3 * stripe_bytes, left -= 3 * stripe_bytes) {
        std::uint64_t second = 0, third = 0;
        for (std::size_t i = 0; i < stripe_bytes; i += 8) {
            sum = _mm_crc32_u64(sum, word(at + i));
            second = _mm_crc32_u64(second, word(at + stripe_bytes + i));
            third = _mm_crc32_u64(third, word(at + 2 * stripe_bytes + i));
        }
        sum = behind_stripe(behind_stripe(sum) ^ second) ^ third;
    }
    for (; left >= 8; at += 8, left -= 8) sum = _mm_crc32_u64(sum, word(at));
    auto sum32 = static_cast<std::uint32_t>(sum);
    for (; left > 0; ++at, --left) sum32 = _mm_crc32_u8(sum32, static_cast<unsigned char>(*at));
    return sum32;
}

#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) {
#if defined(__x86_64__)
    static const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
    if (has_sse42) return ~crc32c_sse42(bytes, ~crc);
#endif
    return crc32c_portable(bytes, crc);
}

}  // namespace ccproxy
