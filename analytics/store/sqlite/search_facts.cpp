#include "analytics/store/sqlite/search_facts.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <stdexcept>

#include "analytics/search/query.hpp"
#include "analytics/store/sqlite/fts5.hpp"

namespace ccproxy::analytics {
namespace {

constexpr int all_columns = -1;
constexpr int max_hits = 255;

/// Of a row that has left the index without its words: what it said could not be read any more.
constexpr std::int32_t gone = -1;

/// Four bytes of the row's length in tokens, or `gone`, then one for each phrase.
using Facts = std::array<char, sizeof(std::int32_t) + max_search_terms>;

int count_hits(const Fts5ExtensionApi& api, Fts5Context* context, int phrase, int& hits) {
    Fts5PhraseIter place{};
    int column = 0;
    int offset = 0;
    hits = 0;
    const int code = api.xPhraseFirst(context, phrase, &place, &column, &offset);
    for (; code == SQLITE_OK && column >= 0 && hits < max_hits; ++hits) {
        api.xPhraseNext(context, &place, &column, &offset);
    }
    return code;
}

int write_facts(const Fts5ExtensionApi& api, Fts5Context* context, int phrases, Facts& facts) {
    int tokens = 0;
    int code = api.xColumnSize(context, all_columns, &tokens);
    if (code == SQLITE_CORRUPT_VTAB) {
        tokens = gone;
        code = SQLITE_OK;
    }
    const std::int32_t length = tokens;
    std::memcpy(facts.data(), &length, sizeof length);
    for (int i = 0; i < phrases && code == SQLITE_OK; ++i) {
        int hits = 0;
        code = count_hits(api, context, i, hits);
        facts.at(sizeof length + static_cast<std::size_t>(i)) = static_cast<char>(hits);
    }
    return code;
}

/// Rows of this query that were asked for so far. Null when there is no memory for it.
std::int64_t* row_counter(const Fts5ExtensionApi& api, Fts5Context* context) {
    if (void* known = api.xGetAuxdata(context, 0)) return static_cast<std::int64_t*>(known);
    auto* created = new (std::nothrow) std::int64_t(0);
    const auto destroy = [](void* counter) { delete static_cast<std::int64_t*>(counter); };
    // FTS5 destroys it also when it cannot keep it.
    if (api.xSetAuxdata(context, created, destroy) != SQLITE_OK) return nullptr;
    return created;
}

void search_facts(const Fts5ExtensionApi* api, Fts5Context* context, sqlite3_context* result,
                  int arguments, sqlite3_value** values) {
    if (arguments != 2) return sqlite3_result_error(result, "search_facts takes 3 arguments", -1);
    std::int64_t* rows = row_counter(*api, context);
    if (rows == nullptr) return sqlite3_result_error_nomem(result);
    if (++*rows > sqlite3_value_int64(values[1])) return sqlite3_result_null(result);
    const int phrases =
        std::clamp(sqlite3_value_int(values[0]), 0, static_cast<int>(max_search_terms));
    Facts facts{};
    const int code =
        write_facts(*api, context, std::min(phrases, api->xPhraseCount(context)), facts);
    if (code != SQLITE_OK) return sqlite3_result_error_code(result, code);
    sqlite3_result_blob(result, facts.data(), static_cast<int>(sizeof(std::int32_t)) + phrases,
                        SQLITE_TRANSIENT);
}

}  // namespace

void register_search_facts(SQLite::Database& database) {
    fts5_api& api = fts5_api_of(database);
    if (api.xCreateFunction(&api, "search_facts", nullptr, search_facts, nullptr) != SQLITE_OK) {
        throw std::runtime_error("the function of the search index cannot be registered");
    }
}

std::optional<Candidate> candidate_of(std::int64_t number, std::string_view facts) {
    std::int32_t tokens = 0;
    if (facts.size() < sizeof tokens) throw std::runtime_error("search_facts gave too little");
    std::memcpy(&tokens, facts.data(), sizeof tokens);
    if (tokens == gone) return std::nullopt;
    return Candidate{number, tokens, std::string(facts.substr(sizeof tokens))};
}

}  // namespace ccproxy::analytics
