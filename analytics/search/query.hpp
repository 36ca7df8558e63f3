// What a person types into the search box, and the FTS5 expression that it becomes. Pure.
//
//   word            conversations that hold the word; several words: that hold all of them
//   "some words"    that hold them in this order, side by side
//   begin*          that hold a word that begins so; also after the last word of a phrase
//   -word, -"…"     that do not hold it; where nothing else is asked for, just the word
//
// Everything else is text: AND, OR, NOT, NEAR, parentheses, colons. A quotation mark that is never
// closed goes to the end. Several tokens in one word (snake_case, a path, an address) are a phrase.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.hpp"

namespace ccproxy::analytics {

inline constexpr std::size_t max_search_bytes = 1000;
inline constexpr std::size_t max_search_terms = 32;

/// A word or a phrase: neither empty nor with a quotation mark in it.
struct SearchTerm {
    std::string text;
    bool prefix = false;

    bool operator==(const SearchTerm&) const = default;
};

struct SearchTerms {
    std::vector<SearchTerm> wanted;  ///< At least one.
    std::vector<SearchTerm> unwanted;
};

/// What the tokenizer makes of a term.
struct TermShape {
    std::size_t tokens = 0;
    std::size_t last_characters = 0;  ///< Of its last token.
    bool ends_unspaced = false;       ///< Its last token is of a script without spaces.
};
using ShapeOf = std::function<TermShape(std::string_view)>;

/// Leaves out what holds no token. Fails, with a message that names `q`, when nothing is left, or
/// for a text beyond the limits or in ill-formed UTF-8.
Result<SearchTerms> parse_search(std::string_view text, const ShapeOf& shape_of);

/// One term as an FTS5 expression: it is always in quotation marks.
std::string match_expression(const SearchTerm& term);
/// All of them. The wanted terms are the expression's first phrases, in their order.
std::string match_expression(const SearchTerms& terms);

}  // namespace ccproxy::analytics
