// Searches conversations: what the index finds, ranked, page by page.
//
// Ranking all that a common word finds would take long, so the finds are ranked by stretches: the
// newest so many first, then those before them. A search that finds less than a stretch is ranked
// as a whole.
#pragma once

#include <SQLiteCpp/Database.h>

#include "analytics/store/search.hpp"
#include "common/result.hpp"

namespace ccproxy::analytics {

/// How many finds are ranked together.
inline constexpr std::int64_t search_stretch = 2000;
/// Totals are counted no further.
inline constexpr std::int64_t max_search_total = 10'000;

/// See SearchReader. The rows and their texts are of one instant.
Result<SearchPage> search_conversations(SQLite::Database& database, const SearchRequest& request);

}  // namespace ccproxy::analytics
