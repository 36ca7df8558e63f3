#include "analytics/store/sqlite/search_query.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <algorithm>
#include <utility>

#include "analytics/search/query.hpp"
#include "analytics/search/rank.hpp"
#include "analytics/search/snippet.hpp"
#include "analytics/store/sqlite/conversation_query.hpp"
#include "analytics/store/sqlite/cursor.hpp"
#include "analytics/store/sqlite/meta.hpp"
#include "analytics/store/sqlite/raw_statement.hpp"
#include "analytics/store/sqlite/search_facts.hpp"
#include "analytics/store/sqlite/search_index.hpp"
#include "analytics/store/sqlite/search_tokenizer.hpp"
#include "common/hash.hpp"

namespace ccproxy::analytics {
namespace {

/// The newest first.
constexpr const char* find_rows =
    " FROM conversation_search WHERE conversation_search MATCH ?1 AND rowid <= ?2 "
    "ORDER BY rowid DESC LIMIT ?3";

/// How many finds of a term tell how common it is.
constexpr std::int64_t sample_rows = 300;
constexpr std::size_t search_id_digits = 16;

/// Only what was said: no word finds the index's column for the token.
std::string said(const std::string& expression) {
    return "({prompt completion} : " + expression + ")";
}

/// Which search a cursor belongs to.
std::string search_id(const SearchRequest& request) {
    std::string text = std::to_string(request.query.size()) + ' ' + request.query;
    if (request.token_id) text += ' ' + *request.token_id;
    return to_hex(sha256(text)).substr(0, search_id_digits);
}

class Search {
  public:
    Search(SQLite::Database& database, const SearchTerms& terms,
           const std::optional<std::string>& token_id)
        : database_(database), terms_(terms), expression_(said(match_expression(terms))) {
        if (token_id) expression_ = '(' + expression_ + " AND " + token_expression(*token_id) + ')';
    }

    /// Where the first page begins, with all that stays the same from page to page.
    SearchCursor begin(std::string id) {
        SearchCursor cursor;
        cursor.search = std::move(id);
        cursor.newest = read_integer(database_, "SELECT max(number) FROM conversations");
        first_ = read_stretch(cursor, max_search_total + 1);
        cursor.scale = {weights(cursor.newest), average_tokens(first_->found)};
        cursor.total = std::min(first_->rows, max_search_total);
        cursor.total_is_exact = first_->rows <= max_search_total;
        return cursor;
    }

    /// The next finds, at most `limit`, in order. Moves the cursor behind them. `more` says whether
    /// anything is there, before and after.
    std::vector<std::int64_t> step(SearchCursor& cursor, std::int64_t limit, bool& more) {
        std::vector<std::int64_t> numbers;
        while (more && static_cast<std::int64_t>(numbers.size()) < limit) {
            more = step_stretch(cursor, limit - static_cast<std::int64_t>(numbers.size()), numbers);
        }
        return numbers;
    }

  private:
    struct Stretch {
        std::vector<Candidate> found;
        std::int64_t oldest = 0;
        std::int64_t rows = 0;  ///< Those that were found behind it, too.
        bool more = false;      ///< There are some behind it.
    };

    /// Takes what is left of the stretch, and moves on to the next one when that was all. False
    /// when there is none.
    bool step_stretch(SearchCursor& cursor, std::int64_t limit,
                      std::vector<std::int64_t>& numbers) {
        const Stretch stretch =
            first_ ? *std::exchange(first_, {}) : read_stretch(cursor, search_stretch + 1);
        cursor.oldest = std::max(cursor.oldest, stretch.oldest);
        const std::vector<Ranked> ranked = rank(stretch.found, cursor.scale);
        auto next = ranked.begin();
        if (cursor.last.number != 0) {
            next = std::find_if(next, ranked.end(),
                                [&](const Ranked& entry) { return is_before(cursor.last, entry); });
        }
        for (; next != ranked.end() && limit > 0; ++next, --limit) {
            numbers.push_back(next->number);
            cursor.last = *next;
        }
        if (next != ranked.end()) return true;
        cursor.newest = std::max<std::int64_t>(cursor.oldest, 1) - 1;
        cursor.oldest = 0;
        cursor.last = {};
        return stretch.more;
    }

    /// The stretch at which the cursor is. Looks at `max_rows` rows, which are more than a stretch.
    Stretch read_stretch(const SearchCursor& cursor, std::int64_t max_rows) {
        RawStatement rows(
            database_,
            std::string("SELECT rowid, search_facts(conversation_search, ?4, ?5)") + find_rows);
        rows.bind_text(1, expression_);
        rows.bind(2, cursor.newest);
        rows.bind(3, max_rows);
        rows.bind(4, static_cast<std::int64_t>(terms_.wanted.size()));
        rows.bind(5, search_stretch);
        Stretch stretch;
        for (std::int64_t seen = 0; rows.step(); ++seen) {
            const std::int64_t number = rows.integer(0);
            stretch.more = seen >= search_stretch || number < cursor.oldest;
            ++stretch.rows;
            if (stretch.more) continue;
            stretch.oldest = number;
            if (auto candidate = candidate_of(number, rows.bytes(1))) {
                stretch.found.push_back(std::move(*candidate));
            } else {
                --stretch.rows;
            }
        }
        return stretch;
    }

    /// How common each term is, as the newest conversations show it. One term needs no weight.
    std::string weights(std::int64_t newest) {
        if (terms_.wanted.size() == 1) return std::string(1, 1);
        const std::int64_t oldest =
            read_integer(database_, "SELECT min(number) FROM conversations");
        std::string weights;
        for (const SearchTerm& term : terms_.wanted) {
            weights += term_weight(newest - oldest + 1, estimate(term, oldest, newest));
        }
        return weights;
    }

    /// In how many of the conversations from `oldest` to `newest` a term is.
    std::int64_t estimate(const SearchTerm& term, std::int64_t oldest, std::int64_t newest) {
        RawStatement sample(
            database_,
            std::string("SELECT count(*), min(rowid) FROM (SELECT rowid") + find_rows + ")");
        const std::string expression = said(match_expression(term));
        sample.bind_text(1, expression);
        sample.bind(2, newest);
        sample.bind(3, sample_rows);
        sample.step();
        const std::int64_t found = sample.integer(0);
        if (found < sample_rows) return found;
        return found * (newest - oldest + 1) / (newest - sample.integer(1) + 1);
    }

    SQLite::Database& database_;
    const SearchTerms& terms_;
    std::string expression_;
    std::optional<Stretch> first_;  ///< The newest one, until it is ranked.
};

std::vector<SnippetTerm> snippet_terms(const SearchTerms& terms, const SearchTokenizer& tokenizer) {
    std::vector<SnippetTerm> shown;
    for (const SearchTerm& term : terms.wanted) {
        SnippetTerm& next = shown.emplace_back(SnippetTerm{{}, term.prefix});
        tokenizer.split(term.text, TokenUse::query, [&](const Token& token) {
            next.tokens.emplace_back(token.text);
            return 0;
        });
    }
    return shown;
}

/// Reads what is shown of a find.
class Presenter {
  public:
    Presenter(SQLite::Database& database, std::vector<SnippetTerm> terms,
              const SearchTokenizer& tokenizer)
        : terms_(std::move(terms)),
          split_([&tokenizer](std::string_view text, const TokenSink& sink) {
              tokenizer.split(text, TokenUse::document, sink);
          }),
          row_(database, std::string("SELECT ") + conversation_summary_columns +
                             ", search_text(prompt) AS prompt_text, search_text(completion) AS "
                             "completion_text FROM conversations WHERE number = ?") {}

    /// Nothing when the conversation is gone, which the index would know unless it is damaged.
    std::optional<FoundConversation> show(std::int64_t number) {
        row_.reset();
        row_.bind(1, number);
        if (!row_.executeStep()) return std::nullopt;
        FoundConversation found;
        found.summary = read_conversation_summary(row_);
        Snippet prompt = snippet_of("prompt_text");
        Snippet completion = snippet_of("completion_text");
        found.in_completion = prompt.html.empty() || std::pair(completion.terms, completion.marks) >
                                                         std::pair(prompt.terms, prompt.marks);
        found.snippet = std::move((found.in_completion ? completion : prompt).html);
        return found;
    }

  private:
    Snippet snippet_of(const char* column) {
        return make_snippet(row_.getColumn(column).getString(), terms_, split_);
    }

    const std::vector<SnippetTerm> terms_;
    const DocumentSplitter split_;
    SQLite::Statement row_;
};

}  // namespace

Result<SearchPage> search_conversations(SQLite::Database& database, const SearchRequest& request) {
    if (request.limit < 1) return Error{"limit: is out of range"};
    if (request.page < 0 || request.page >= max_search_depth / request.limit) {
        return Error{"page: must not reach beyond the first " + std::to_string(max_search_depth) +
                     "; follow next_cursor"};
    }
    const SearchTokenizer tokenizer(database);
    const Result<SearchTerms> terms = parse_search(
        request.query, [&](std::string_view text) { return tokenizer.shape_of(text); });
    if (!terms) return terms.error();

    const std::string id = search_id(request);
    Search search(database, *terms, request.token_id);
    const SQLite::Transaction snapshot(database);
    SearchCursor cursor;
    if (request.cursor.empty()) {
        cursor = search.begin(id);
    } else {
        Result<SearchCursor> known = decode_search_cursor(request.cursor);
        if (!known) return known.error();
        if (known->search != id) return Error{"cursor: is of another search"};
        cursor = std::move(*known);
    }
    bool more = true;
    if (request.cursor.empty()) search.step(cursor, request.page * request.limit, more);
    Presenter presenter(database, snippet_terms(*terms, tokenizer), tokenizer);
    SearchPage page;
    for (const std::int64_t number : search.step(cursor, request.limit, more)) {
        auto found = presenter.show(number);
        if (found) page.conversations.push_back(std::move(*found));
    }
    page.total = cursor.total;
    page.total_is_exact = cursor.total_is_exact;
    if (more) page.next_cursor = encode_search_cursor(cursor);
    return page;
}

}  // namespace ccproxy::analytics
