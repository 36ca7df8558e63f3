#include "analytics/search/tokens.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "analytics/search/identifier.hpp"
#include "common/utf8.hpp"

namespace ccproxy::analytics {
namespace {

struct Range {
    char32_t first, last;
};

/// Unicode 15, in order. Letters only: punctuation and digits of these scripts end a run.
constexpr std::array<Range, 31> unspaced_scripts{{
    {0x0E01, 0x0E3A},    // Thai
    {0x0E40, 0x0E4E},    // Thai
    {0x0E81, 0x0ECF},    // Lao
    {0x0EDC, 0x0EDF},    // Lao
    {0x1000, 0x103F},    // Myanmar
    {0x1050, 0x108F},    // Myanmar
    {0x1100, 0x11FF},    // Hangul Jamo
    {0x1780, 0x17D3},    // Khmer
    {0x2E80, 0x2FD5},    // Radicals
    {0x3005, 0x3007},    // Iteration mark, closing mark, zero
    {0x3021, 0x3029},    // Hangzhou numerals
    {0x3031, 0x3035},    // Kana repeat marks
    {0x3038, 0x303C},    // Hangzhou numerals, masu
    {0x3041, 0x309F},    // Hiragana
    {0x30A1, 0x30FA},    // Katakana
    {0x30FC, 0x30FF},    // Katakana
    {0x3105, 0x312F},    // Bopomofo
    {0x3131, 0x318E},    // Hangul compatibility Jamo
    {0x31A0, 0x31BF},    // Bopomofo extended
    {0x31F0, 0x31FF},    // Katakana extensions
    {0x3400, 0x4DBF},    // Han, extension A
    {0x4E00, 0x9FFF},    // Han
    {0xA960, 0xA97C},    // Hangul Jamo extended A
    {0xAC00, 0xD7FB},    // Hangul, Jamo extended B
    {0xF900, 0xFAD9},    // Han, compatibility
    {0xFF66, 0xFF9F},    // Katakana, half width
    {0xFFA0, 0xFFDC},    // Hangul, half width
    {0x16FE0, 0x18D08},  // Ideographic marks, Tangut, Khitan
    {0x1AFF0, 0x1B2FB},  // Kana extensions, Nushu
    {0x20000, 0x2FA1D},  // Han, extensions B to F
    {0x30000, 0x323AF},  // Han, extensions G and H
}};

/// Every range above begins at three bytes.
constexpr unsigned char first_lead_byte = 0xE0;

char32_t decode(std::string_view sequence) {
    const auto bits = [&](std::size_t i) {
        return static_cast<unsigned char>(sequence[i]) & 0x3Fu;
    };
    const char32_t lead = static_cast<unsigned char>(sequence[0]);
    if (sequence.size() == 3) return (lead & 0x0F) << 12 | bits(1) << 6 | bits(2);
    return (lead & 0x07) << 18 | bits(1) << 12 | bits(2) << 6 | bits(3);
}

/// At most max_token_bytes of `text`, and whole characters.
std::string_view cut(std::string_view text) {
    if (text.size() <= max_token_bytes) return text;
    std::size_t size = max_token_bytes;
    while (size > 1 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
    return text.substr(0, size);
}

class Splitter {
  public:
    Splitter(std::string_view text, TokenUse use, const WordSplitter& split_words,
             const TokenSink& sink)
        : text_(text), use_(use), split_words_(split_words), sink_(sink) {}

    int split() {
        int code = 0;
        for (std::size_t at = 0; at < text_.size() && code == 0;) {
            const std::size_t end = end_of_run(at);
            code = end > at ? split_characters(at, end) : 0;
            at = end;
            const std::size_t next = next_run(at);
            if (code == 0 && next > at) code = split_spaced(at, next);
            at = next;
        }
        return code;
    }

  private:
    std::size_t end_of_run(std::size_t at) const {
        while (at < text_.size()) {
            const std::size_t size = unspaced_character_bytes(text_.substr(at));
            if (size == 0) break;
            at += size;
        }
        return at;
    }

    std::size_t next_run(std::size_t at) const {
        while (at < text_.size() && unspaced_character_bytes(text_.substr(at)) == 0) ++at;
        return at;
    }

    /// Hands over, behind what was held back.
    int emit(const Token& token) {
        if (held_) {
            const Token held = *held_;
            held_.reset();
            if (const int code = sink_(held)) return code;
        }
        return sink_(token);
    }

    int split_characters(std::size_t begin, std::size_t end) {
        std::size_t at = begin;
        std::size_t size = unspaced_character_bytes(text_.substr(at));
        while (at + size < end) {
            const std::size_t next = unspaced_character_bytes(text_.substr(at + size));
            const std::size_t bytes = size + next;
            if (const int code = emit({text_.substr(at, bytes), at, at + bytes})) return code;
            at += size;
            size = next;
        }
        const Token last{text_.substr(at, size), at, end};
        if (use_ == TokenUse::query && at > begin) {
            held_ = last;
            return 0;
        }
        return emit(last);
    }

    int split_spaced(std::size_t begin, std::size_t end) {
        const std::string_view run = text_.substr(begin, end - begin);
        return split_words_(run, [&](const Token& word) {
            const Token token{cut(word.text), begin + word.begin, begin + word.end};
            const int code = emit(token);
            if (code != 0 || use_ == TokenUse::query) return code;
            return emit_parts(run.substr(word.begin, word.end - word.begin), token);
        });
    }

    /// Folding ASCII keeps its length, so a part has the same place in both words.
    int emit_parts(std::string_view written, const Token& word) {
        if (written.size() != word.text.size()) return 0;
        for (const std::string_view part : identifier_parts(written)) {
            const auto at = static_cast<std::size_t>(part.data() - written.data());
            const Token token{word.text.substr(at, part.size()), word.begin + at,
                              word.begin + at + part.size(), true};
            if (const int code = sink_(token)) return code;
        }
        return 0;
    }

    const std::string_view text_;
    const TokenUse use_;
    const WordSplitter& split_words_;
    const TokenSink& sink_;
    std::optional<Token> held_;  ///< The lone end of a run, until something follows it.
};

}  // namespace

std::size_t unspaced_character_bytes(std::string_view text) {
    if (text.empty() || static_cast<unsigned char>(text.front()) < first_lead_byte) return 0;
    const std::size_t size = utf8_sequence_bytes(text);
    if (size < 3) return 0;
    const char32_t character = decode(text.substr(0, size));
    const auto range = std::lower_bound(unspaced_scripts.begin(), unspaced_scripts.end(), character,
                                        [](const Range& r, char32_t c) { return r.last < c; });
    return range != unspaced_scripts.end() && range->first <= character ? size : 0;
}

int split_tokens(std::string_view text, TokenUse use, const WordSplitter& split_words,
                 const TokenSink& sink) {
    return Splitter(text, use, split_words, sink).split();
}

}  // namespace ccproxy::analytics
