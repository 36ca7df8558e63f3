#include "common/byte_scan.hpp"

#include <algorithm>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ccproxy {
namespace {

#if defined(__SSE2__)

using Block = __m128i;

Block load(const char* bytes) {
    return _mm_loadu_si128(reinterpret_cast<const Block*>(bytes));
}

Block is_equal(Block bytes, char wanted) {
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted));
}

/// Of bytes as they are, without a sign.
Block is_at_most(Block bytes, char bound) {
    return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(bound)), bytes);
}

/// The bytes from `first` to `last` are moved up to where the largest with a sign are.
Block is_between(Block bytes, char first, char last) {
    const auto above_last = static_cast<char>(127 - last);
    const auto below_first = static_cast<char>(126 - (last - first));
    return _mm_cmpgt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(above_last)),
                          _mm_set1_epi8(below_first));
}

#endif

}  // namespace

// Of each kind: what one byte is judged by, and the same for a block, where the highest bit of a
// byte tells.

struct LineEnd {
    static bool is(unsigned char c) { return c == '\r' || c == '\n'; }
#if defined(__SSE2__)
    static Block in(Block block) {
        return _mm_or_si128(is_equal(block, '\r'), is_equal(block, '\n'));
    }
#endif
};

struct JsonStop {
    static bool is(unsigned char c) { return c == '"' || c == '\\' || c < 0x20; }
#if defined(__SSE2__)
    static Block in(Block block) {
        // A quote is a space with one more bit; with that bit flipped a control character stays
        // one.
        const Block flipped = _mm_xor_si128(block, _mm_set1_epi8('"' ^ ' '));
        return _mm_or_si128(is_at_most(flipped, ' '), is_equal(block, '\\'));
    }
#endif
};

namespace {

struct JsonStopOrNonAscii {
    static bool is(unsigned char c) { return JsonStop::is(c) || c >= 0x80; }
#if defined(__SSE2__)
    static Block in(Block block) {
        return _mm_or_si128(JsonStop::in(block), block);
    }
#endif
};

struct Control {
    static bool is(unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }
#if defined(__SSE2__)
    static Block in(Block block) {
        return _mm_andnot_si128(is_equal(block, '\t'),
                                _mm_or_si128(is_at_most(block, 0x1f), is_equal(block, 0x7f)));
    }
#endif
};

struct NameEnd {
    static bool is(unsigned char c) {
        return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
    }
#if defined(__SSE2__)
    static Block in(Block block) {
        const Block letter_or_digit =
            _mm_or_si128(is_between(block, 'a', 'z'), is_between(block, '0', '9'));
        return _mm_andnot_si128(_mm_or_si128(letter_or_digit, is_equal(block, '-')),
                                _mm_set1_epi8(-1));
    }
#endif
};

#if defined(__SSE2__)

template <class Kind>
std::uint64_t marks(const char* block) {
    return static_cast<unsigned>(_mm_movemask_epi8(Kind::in(load(block))));
}

template <class Kind>
std::size_t bytes_before(std::string_view text) {
    const std::size_t size = text.size();
    if (size < sizeof(Block)) {
        std::size_t at = 0;
        while (at < size && !Kind::is(static_cast<unsigned char>(text[at]))) ++at;
        return at;
    }
    // The last block holds bytes of the one before it again, unless they are a multiple.
    for (std::size_t at = 0; at < size; at += sizeof(Block)) {
        at = std::min(at, size - sizeof(Block));
        const std::uint64_t found = marks<Kind>(text.data() + at);
        if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found));
    }
    return size;
}

template <class Kind>
std::uint64_t marks_of_64(const char* block) {
    return marks<Kind>(block) | marks<Kind>(block + 16) << 16 | marks<Kind>(block + 32) << 32 |
           marks<Kind>(block + 48) << 48;
}

#else

template <class Kind>
std::size_t bytes_before(std::string_view text) {
    const auto is = [](char c) { return Kind::is(static_cast<unsigned char>(c)); };
    return static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is) - text.begin());
}

template <class Kind>
std::uint64_t marks_of_64(const char* block) {
    std::uint64_t marks = 0;
    for (std::size_t i = 0; i < 64; ++i) {
        marks |= std::uint64_t{Kind::is(static_cast<unsigned char>(block[i]))} << i;
    }
    return marks;
}

#endif

}  // namespace

std::size_t bytes_before_json_stop(std::string_view text) {
    return bytes_before<JsonStop>(text);
}

std::size_t bytes_before_json_stop_or_non_ascii(std::string_view text) {
    return bytes_before<JsonStopOrNonAscii>(text);
}

std::size_t bytes_before_control(std::string_view text) {
    return bytes_before<Control>(text);
}

std::size_t bytes_before_name_end(std::string_view text) {
    return bytes_before<NameEnd>(text);
}

std::size_t bytes_before_empty_line(std::string_view text) {
    static constexpr std::string_view empty_line = "\r\n\r\n";
    std::size_t at = 0;
#if defined(__SSE2__)
    // Two CR with one byte between them.
    const auto pairs = [](const char* block) {
        return _mm_and_si128(is_equal(load(block), '\r'), is_equal(load(block + 2), '\r'));
    };
    for (; text.size() - at >= 2 * sizeof(Block) + 2; at += 2 * sizeof(Block)) {
        const Block first = pairs(text.data() + at);
        const Block second = pairs(text.data() + at + sizeof(Block));
        if (_mm_movemask_epi8(_mm_or_si128(first, second)) == 0) continue;
        auto places = static_cast<unsigned>(_mm_movemask_epi8(first)) |
                      static_cast<unsigned>(_mm_movemask_epi8(second)) << sizeof(Block);
        for (; places != 0; places &= places - 1) {
            const std::size_t place = at + static_cast<std::size_t>(std::countr_zero(places));
            if (text.substr(place, empty_line.size()) == empty_line) return place;
        }
    }
#endif
    return std::min(text.find(empty_line, at), text.size());
}

template <class Kind>
std::size_t ByteFinder<Kind>::find_in_next_blocks(std::size_t from) {
    const auto look_at = [&](const char* block, std::uint64_t which) {
        found_ = marks_of_64<Kind>(block) & which;
        block_end_ = from + block_bytes;
        return found_ != 0;
    };
    const auto place = [&] { return from + static_cast<std::size_t>(std::countr_zero(found_)); };
    for (; from + block_bytes <= text_.size(); from += block_bytes) {
        if (look_at(text_.data() + from, ~std::uint64_t{0})) return place();
    }
    if (from >= text_.size()) return text_.size();
    char rest[block_bytes] = {};
    const std::size_t size = text_.copy(rest, block_bytes, from);
    return look_at(rest, (std::uint64_t{1} << size) - 1) ? place() : text_.size();
}

template class ByteFinder<LineEnd>;
template class ByteFinder<JsonStop>;

}  // namespace ccproxy
