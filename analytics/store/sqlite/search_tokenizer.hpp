// The tokenizer of the search index: tokens.hpp over FTS5's own unicode61, which knows what a
// letter is and folds case and diacritics.
#pragma once

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <string_view>

#include "analytics/search/query.hpp"
#include "analytics/search/tokens.hpp"

namespace ccproxy::analytics {

/// Makes `tokenize = 'ccproxy'` known to the connection. Whoever reads or writes the index needs
/// it, deletions and migrations included.
void register_search_tokenizer(SQLite::Database& database);

/// Used by the thread of its connection, which must outlive it.
class SearchTokenizer {
  public:
    /// Throws std::runtime_error when SQLite comes without FTS5, or the file is no database.
    explicit SearchTokenizer(SQLite::Database& database);
    explicit SearchTokenizer(fts5_api& api);
    ~SearchTokenizer();
    SearchTokenizer(const SearchTokenizer&) = delete;
    SearchTokenizer& operator=(const SearchTokenizer&) = delete;

    /// Gives what ended it: SQLITE_OK, a code of SQLite, or what `sink` gave. `sink` must not
    /// throw. `text` is shorter than 2 GiB.
    int split(std::string_view text, TokenUse use, const TokenSink& sink) const;

    [[nodiscard]] TermShape shape_of(std::string_view text) const;

  private:
    int split_words(std::string_view text, const TokenSink& sink) const;

    fts5_tokenizer unicode61_{};
    Fts5Tokenizer* words_ = nullptr;
};

}  // namespace ccproxy::analytics
