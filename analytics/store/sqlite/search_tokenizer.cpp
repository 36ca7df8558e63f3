#include "analytics/store/sqlite/search_tokenizer.hpp"

#include <array>
#include <new>
#include <stdexcept>

#include "analytics/store/sqlite/fts5.hpp"

namespace ccproxy::analytics {
namespace {

// What SQLite calls, and what lets no exception into it.

int take_word(void* context, int, const char* text, int size, int begin, int end) {
    try {
        const auto& sink = *static_cast<const TokenSink*>(context);
        return sink({{text, static_cast<std::size_t>(size)},
                     static_cast<std::size_t>(begin),
                     static_cast<std::size_t>(end)});
    } catch (...) {
        return SQLITE_NOMEM;
    }
}

int create(void* context, const char**, int, Fts5Tokenizer** created) {
    try {
        *created =
            reinterpret_cast<Fts5Tokenizer*>(new SearchTokenizer(*static_cast<fts5_api*>(context)));
        return SQLITE_OK;
    } catch (...) {
        return SQLITE_ERROR;
    }
}

void destroy(Fts5Tokenizer* tokenizer) {
    delete reinterpret_cast<SearchTokenizer*>(tokenizer);
}

using TakeToken = int (*)(void*, int, const char*, int, int, int);

int tokenize(Fts5Tokenizer* tokenizer, void* context, int flags, const char* text, int size,
             TakeToken take) {
    const TokenUse use = (flags & FTS5_TOKENIZE_QUERY) != 0 ? TokenUse::query : TokenUse::document;
    try {
        const std::string_view whole(text, text == nullptr ? 0 : static_cast<std::size_t>(size));
        return reinterpret_cast<SearchTokenizer*>(tokenizer)->split(
            whole, use, [&](const Token& token) {
                return take(context, token.same_place ? FTS5_TOKEN_COLOCATED : 0, token.text.data(),
                            static_cast<int>(token.text.size()), static_cast<int>(token.begin),
                            static_cast<int>(token.end));
            });
    } catch (...) {
        return SQLITE_NOMEM;
    }
}

}  // namespace

SearchTokenizer::SearchTokenizer(SQLite::Database& database)
    : SearchTokenizer(fts5_api_of(database)) {}

SearchTokenizer::SearchTokenizer(fts5_api& api) {
    void* context = nullptr;
    std::array<const char*, 2> options{"remove_diacritics", "2"};
    if (api.xFindTokenizer(&api, "unicode61", &context, &unicode61_) != SQLITE_OK ||
        unicode61_.xCreate(context, options.data(), static_cast<int>(options.size()), &words_) !=
            SQLITE_OK) {
        throw std::runtime_error("FTS5 has no unicode61");
    }
}

SearchTokenizer::~SearchTokenizer() {
    unicode61_.xDelete(words_);
}

int SearchTokenizer::split(std::string_view text, TokenUse use, const TokenSink& sink) const {
    const WordSplitter words = [this](std::string_view run, const TokenSink& take) {
        return split_words(run, take);
    };
    return split_tokens(text, use, words, sink);
}

int SearchTokenizer::split_words(std::string_view text, const TokenSink& sink) const {
    // unicode61 takes its context as void*; the sink is only read.
    return unicode61_.xTokenize(words_, const_cast<TokenSink*>(&sink), FTS5_TOKENIZE_DOCUMENT,
                                text.data(), static_cast<int>(text.size()), take_word);
}

TermShape SearchTokenizer::shape_of(std::string_view text) const {
    TermShape shape;
    split(text, TokenUse::query, [&](const Token& token) {
        ++shape.tokens;
        shape.last_characters = 0;
        for (const char c : token.text) {
            if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++shape.last_characters;
        }
        shape.ends_unspaced = unspaced_character_bytes(token.text) > 0;
        return SQLITE_OK;
    });
    return shape;
}

void register_search_tokenizer(SQLite::Database& database) {
    fts5_api& api = fts5_api_of(database);
    fts5_tokenizer tokenizer{create, destroy, tokenize};
    if (api.xCreateTokenizer(&api, "ccproxy", &api, &tokenizer, nullptr) != SQLITE_OK) {
        throw std::runtime_error("the tokenizer of the search index cannot be registered");
    }
}

}  // namespace ccproxy::analytics
