// Cuts text into the tokens by which conversations are indexed and searched. Pure.
//
// A script that is written with spaces is cut into words by the caller's splitter. In scripts that
// are not (Chinese, Japanese, Korean, Thai, …) each character begins a token of itself and the next
// one, and the last of a run stands alone:
//
//   在Python中使用数据库  →  在 python 中使 使用 用数 数据 据库 库
//
// So a token is one place, two characters are found by one token, more of them as a phrase, and one
// of them as a prefix. The last lone character of a query is left out: what it would ask for is
// that the run ends there.
//
// An identifier such as getUserName is found as a whole and by each of its parts: the parts are
// further tokens at the same place. A query has whole words only.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace ccproxy::analytics {

/// Longer tokens are cut, so that a megabyte without a space is one small token. A token of a
/// client key's id must fit (see token_mark).
inline constexpr std::size_t max_token_bytes = 640;

/// Begins the term that stands for the owner's id: U+E000, a private character that no query holds.
inline constexpr std::string_view token_mark = "\xEE\x80\x80";

enum class TokenUse { document, query };

struct Token {
    std::string_view text;    ///< Folded, not empty. Valid during the call that hands it over.
    std::size_t begin = 0;    ///< The bytes of the text for which it stands.
    std::size_t end = 0;      ///< More than `begin`.
    bool same_place = false;  ///< It stands beside the token before, not after it.

    bool operator==(const Token&) const = default;
};

/// Takes tokens in the order of their places. 0 goes on; anything else ends the work and is what
/// split_tokens() gives.
using TokenSink = std::function<int(const Token&)>;

/// Hands the words of `text` over, folded, with `begin` and `end` in that text. Gives 0, or what
/// ended it.
using WordSplitter = std::function<int(std::string_view text, const TokenSink&)>;

/// `text` may be any bytes.
int split_tokens(std::string_view text, TokenUse use, const WordSplitter& split_words,
                 const TokenSink& sink);

/// Whether `text` begins with a character of a script without spaces: its length in bytes, or 0.
std::size_t unspaced_character_bytes(std::string_view text);

}  // namespace ccproxy::analytics
