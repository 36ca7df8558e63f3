// An auxiliary function of FTS5: what of a row decides about its rank.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "analytics/search/rank.hpp"

namespace ccproxy::analytics {

/// Makes `search_facts(conversation_search, n, rows)` known to the connection: a blob that
/// candidate_of() reads, with the hits of the query's first n phrases. It is NULL for all but the
/// first so many rows of the query, so that one statement both ranks and counts.
void register_search_facts(SQLite::Database& database);

/// Nothing for a row that is gone while its words are still in the index, which happens when what
/// it said could not be read as it was deleted.
std::optional<Candidate> candidate_of(std::int64_t number, std::string_view facts);

}  // namespace ccproxy::analytics
