// Merges histograms inside SQL.
#pragma once

#include <SQLiteCpp/Database.h>

namespace ccproxy::analytics {

/// Gives the connection merge_histograms(a, b), on encoded histograms. Bytes that are none count as
/// an empty one: a damaged row must not fail the batches that add to it; the aggregator mends it.
void register_merge_histograms(SQLite::Database& database);

}  // namespace ccproxy::analytics
