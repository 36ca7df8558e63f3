#include "common/byte_scan.hpp"

#include <bit>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ccproxy {
namespace {

#if defined(__SSE2__)

using Block = __m128i;

Block is_equal(Block bytes, char wanted) {
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted));
}

/// Of bytes as they are, without a sign.
Block is_at_most(Block bytes, char bound) {
    return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(bound)), bytes);
}

#endif

/// `in_block` marks the bytes of a block that are wanted, `is_wanted` judges one byte the same way.
template <class InBlock, class IsWanted>
std::size_t bytes_before(std::string_view text, [[maybe_unused]] InBlock in_block,
                         IsWanted is_wanted) {
    std::size_t at = 0;
#if defined(__SSE2__)
    for (; text.size() - at >= sizeof(Block); at += sizeof(Block)) {
        const auto* address = reinterpret_cast<const Block*>(text.data() + at);
        const int found = _mm_movemask_epi8(in_block(_mm_loadu_si128(address)));
        if (found != 0) {
            return at + static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(found)));
        }
    }
#endif
    while (at < text.size() && !is_wanted(static_cast<unsigned char>(text[at]))) ++at;
    return at;
}

}  // namespace

std::size_t bytes_before_line_end(std::string_view text) {
    return bytes_before(
        text, [](auto block) { return _mm_or_si128(is_equal(block, '\r'), is_equal(block, '\n')); },
        [](unsigned char c) { return c == '\r' || c == '\n'; });
}

std::size_t bytes_before_json_stop(std::string_view text) {
    return bytes_before(
        text,
        [](auto block) {
            return _mm_or_si128(_mm_or_si128(is_equal(block, '"'), is_equal(block, '\\')),
                                is_at_most(block, 0x1f));
        },
        [](unsigned char c) { return c == '"' || c == '\\' || c < 0x20; });
}

std::size_t bytes_before_control(std::string_view text) {
    return bytes_before(
        text,
        [](auto block) {
            return _mm_andnot_si128(is_equal(block, '\t'),
                                    _mm_or_si128(is_at_most(block, 0x1f), is_equal(block, 0x7f)));
        },
        [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

}  // namespace ccproxy
