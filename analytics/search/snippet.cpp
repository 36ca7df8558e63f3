#include "analytics/search/snippet.hpp"

#include <algorithm>
#include <utility>

namespace ccproxy::analytics {
namespace {

/// A text with more is judged by these.
constexpr std::size_t max_hits = 2000;
/// How much stands before the first mark.
constexpr std::size_t lead_bytes = 60;
/// How far a cut moves to fall between two words.
constexpr std::size_t max_word_rest_bytes = 20;

/// A token of the text that is a token of a term.
struct Hit {
    std::size_t place, term, token;
    std::size_t begin, end;
};

struct Mark {
    std::size_t begin, end, term;
};

bool is_blank(char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7F';
}

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

bool fits(std::string_view text, const SnippetTerm& term, std::size_t token) {
    const bool may_go_on = term.prefix && token + 1 == term.tokens.size();
    return may_go_on ? text.starts_with(term.tokens[token]) : text == term.tokens[token];
}

std::vector<Hit> find_hits(std::string_view text, const std::vector<SnippetTerm>& terms,
                           const DocumentSplitter& split) {
    std::vector<Hit> hits;
    std::size_t places = 0;
    Token whole;
    split(text, [&](const Token& token) {
        if (!token.same_place) {
            ++places;
            whole = token;
        }
        for (std::size_t term = 0; term < terms.size(); ++term) {
            for (std::size_t i = 0; i < terms[term].tokens.size(); ++i) {
                if (!fits(token.text, terms[term], i)) continue;
                hits.push_back({places, term, i, whole.begin, whole.end});
            }
        }
        return hits.size() < max_hits ? 0 : 1;
    });
    return hits;
}

/// The place of a lone character, which is found by the pair that it begins, ends with it.
std::size_t end_of(const Hit& hit, std::string_view text, const SnippetTerm& term) {
    const std::string& token = term.tokens[hit.token];
    const bool lone = unspaced_character_bytes(token) == token.size();
    return lone ? hit.begin + unspaced_character_bytes(text.substr(hit.begin)) : hit.end;
}

/// Where all of a term's tokens stand side by side; in order of their beginnings.
std::vector<Mark> find_marks(const std::vector<Hit>& hits, std::string_view text,
                             const std::vector<SnippetTerm>& terms) {
    std::vector<Mark> marks;
    for (std::size_t first = 0; first < hits.size(); ++first) {
        if (hits[first].token != 0) continue;
        Hit last = hits[first];
        const SnippetTerm& term = terms[last.term];
        for (std::size_t i = first + 1; i < hits.size(); ++i) {
            if (last.token + 1 == term.tokens.size() || hits[i].place > last.place + 1) break;
            const bool next = hits[i].place == last.place + 1 && hits[i].term == last.term &&
                              hits[i].token == last.token + 1;
            if (next) last = hits[i];
        }
        if (last.token + 1 < term.tokens.size()) continue;
        marks.push_back({hits[first].begin, end_of(last, text, term), last.term});
    }
    return marks;
}

/// Index of the mark from which on a snippet shows the most different terms, then the most marks;
/// says in `snippet` how many.
std::size_t best_mark(const std::vector<Mark>& marks, Snippet& snippet) {
    std::size_t best = 0;
    for (std::size_t first = 0; first < marks.size(); ++first) {
        std::vector<std::size_t> seen;
        std::size_t count = 0;
        for (std::size_t i = first; i < marks.size(); ++i) {
            const std::size_t shown_end = marks[first].begin + max_snippet_bytes - 2 * lead_bytes;
            if (i > first && marks[i].end > shown_end) break;
            ++count;
            if (std::find(seen.begin(), seen.end(), marks[i].term) == seen.end()) {
                seen.push_back(marks[i].term);
            }
        }
        const bool better =
            seen.size() > snippet.terms || (seen.size() == snippet.terms && count > snippet.marks);
        if (!better) continue;
        best = first;
        snippet.terms = seen.size();
        snippet.marks = count;
    }
    return best;
}

/// Moves `at` on to where a word begins, if one is near, and to the beginning of a character
/// anyway.
std::size_t begin_at_word(std::string_view text, std::size_t at, std::size_t limit) {
    if (at == 0) return 0;
    const std::size_t far = std::min(limit, at + max_word_rest_bytes);
    for (std::size_t i = at; i < far; ++i) {
        if (is_blank(text[i])) return i + 1;
    }
    while (at < limit && is_continuation(text[at])) ++at;
    return at;
}

/// Moves `at` back to where a word ends, if one is near, and to the end of a character anyway.
std::size_t end_at_word(std::string_view text, std::size_t at, std::size_t limit) {
    if (at >= text.size()) return text.size();
    const std::size_t far = std::max(limit, at - std::min(at, max_word_rest_bytes));
    for (std::size_t i = at; i > far; --i) {
        if (is_blank(text[i - 1])) return i - 1;
    }
    while (at > limit && is_continuation(text[at])) --at;
    return at;
}

class HtmlText {
  public:
    void add(std::string_view text) {
        for (const char c : text) add(c);
    }
    void add_tag(std::string_view tag) {
        end_blank();
        html_ += tag;
    }
    std::string take() { return std::move(html_); }

  private:
    void add(char c) {
        if (is_blank(c)) {
            blank_ = !html_.empty();
            return;
        }
        end_blank();
        switch (c) {
            case '&':
                html_ += "&amp;";
                break;
            case '<':
                html_ += "&lt;";
                break;
            case '>':
                html_ += "&gt;";
                break;
            case '"':
                html_ += "&quot;";
                break;
            case '\'':
                html_ += "&#39;";
                break;
            default:
                html_ += c;
        }
    }
    void end_blank() {
        if (blank_) html_ += ' ';
        blank_ = false;
    }

    std::string html_;
    bool blank_ = false;
};

std::string write_html(std::string_view text, std::size_t begin, std::size_t end,
                       const std::vector<Mark>& marks) {
    HtmlText html;
    if (begin > 0) html.add_tag("\u2026");
    std::size_t at = begin;
    for (std::size_t i = 0; i < marks.size();) {
        // Marks that overlap or touch, as those of Chinese words do, are one.
        const std::size_t from = std::max(at, marks[i].begin);
        std::size_t to = marks[i].end;
        for (++i; i < marks.size() && marks[i].begin <= to; ++i) to = std::max(to, marks[i].end);
        to = std::min(to, end);
        if (from >= to) continue;
        html.add(text.substr(at, from - at));
        html.add_tag("<mark>");
        html.add(text.substr(from, to - from));
        html.add_tag("</mark>");
        at = to;
    }
    html.add(text.substr(at, end - at));
    if (end < text.size()) html.add_tag("\u2026");
    return html.take();
}

}  // namespace

Snippet make_snippet(std::string_view text, const std::vector<SnippetTerm>& terms,
                     const DocumentSplitter& split) {
    const std::string_view searched = text.substr(0, max_snippet_text_bytes);
    const std::vector<Mark> marks = find_marks(find_hits(searched, terms, split), searched, terms);
    Snippet snippet;
    const std::size_t best = best_mark(marks, snippet);
    std::size_t begin = 0;
    std::size_t limit = 0;
    if (!marks.empty()) {
        limit = marks[best].begin;
        begin = begin_at_word(text, limit - std::min(limit, lead_bytes), limit);
    }
    const std::size_t end = end_at_word(text, begin + max_snippet_bytes, std::max(begin, limit));
    snippet.html = write_html(text, begin, end, marks);
    return snippet;
}

}  // namespace ccproxy::analytics
