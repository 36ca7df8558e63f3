#include "analytics/search/query.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "analytics/search/tokens.hpp"
#include "common/utf8.hpp"

namespace ccproxy::analytics {
namespace {

/// A shorter beginning would gather a good part of the index.
constexpr std::size_t min_prefix_characters = 2;

bool is_space(char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7F';
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

/// Quotation marks and spaces of other keyboards become those of ASCII; the mark of the owner's
/// term becomes a space.
std::string plain(std::string_view typed) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> replacements{{
        {"\u201C", "\""},
        {"\u201D", "\""},
        {"\u3000", " "},
        {"\u00A0", " "},
        {token_mark, " "},
    }};
    std::string text(typed);
    for (const auto& [from, to] : replacements) replace_all(text, from, to);
    return text;
}

struct TypedTerm {
    SearchTerm term;
    bool minus = false;
};

class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    /// False at the end. The term may be empty.
    bool next(TypedTerm& typed) {
        while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
        if (rest_.empty()) return false;
        typed.minus = takes_minus();
        if (rest_.front() == '"') {
            rest_.remove_prefix(1);
            typed.term.text = take(rest_.find('"'));
            if (!rest_.empty()) rest_.remove_prefix(1);
            typed.term.prefix = rest_.starts_with('*');
            while (rest_.starts_with('*')) rest_.remove_prefix(1);
        } else {
            const auto* const end = std::find_if(rest_.begin(), rest_.end(),
                                                 [](char c) { return is_space(c) || c == '"'; });
            typed.term.text = take(static_cast<std::size_t>(end - rest_.begin()));
            typed.term.prefix = typed.term.text.ends_with('*');
        }
        return true;
    }

  private:
    /// A minus right before a word or a phrase; in `--option` and in `a - b` it is text.
    bool takes_minus() {
        if (rest_.size() < 2 || rest_[0] != '-' || rest_[1] == '-' || is_space(rest_[1])) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    /// All of it when `size` is beyond its end.
    std::string take(std::size_t size) {
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(taken.size());
        return std::string(taken);
    }

    std::string_view rest_;
};

/// A lone character of such a script begins the tokens that it is found by.
bool needs_prefix(const TermShape& shape) {
    return shape.ends_unspaced && shape.last_characters == 1;
}

}  // namespace

Result<SearchTerms> parse_search(std::string_view typed_text, const ShapeOf& shape_of) {
    if (typed_text.size() > max_search_bytes) {
        return Error{"q: must not be longer than " + std::to_string(max_search_bytes) + " bytes"};
    }
    if (!is_utf8(typed_text)) return Error{"q: must be UTF-8"};
    const std::string text = plain(typed_text);
    SearchTerms terms;
    Reader reader(text);
    TypedTerm typed;
    while (reader.next(typed)) {
        const TermShape shape = shape_of(typed.term.text);
        if (shape.tokens == 0) continue;
        if (shape.last_characters < min_prefix_characters) typed.term.prefix = false;
        if (needs_prefix(shape)) typed.term.prefix = true;
        (typed.minus ? terms.unwanted : terms.wanted).push_back(std::move(typed.term));
        if (terms.wanted.size() + terms.unwanted.size() > max_search_terms) {
            return Error{"q: must not hold more than " + std::to_string(max_search_terms) +
                         " words and phrases"};
        }
    }
    if (terms.wanted.empty()) std::swap(terms.wanted, terms.unwanted);
    if (terms.wanted.empty()) return Error{"q: holds no word to search for"};
    return terms;
}

std::string match_expression(const SearchTerm& term) {
    return '"' + term.text + (term.prefix ? "\" *" : "\"");
}

std::string match_expression(const SearchTerms& terms) {
    const auto join = [](const std::vector<SearchTerm>& list, std::string_view word) {
        std::string text;
        for (const SearchTerm& term : list) {
            if (!text.empty()) text += word;
            text += match_expression(term);
        }
        return text;
    };
    const std::string wanted = '(' + join(terms.wanted, " AND ") + ')';
    if (terms.unwanted.empty()) return wanted;
    return '(' + wanted + " NOT (" + join(terms.unwanted, " OR ") + "))";
}

}  // namespace ccproxy::analytics
