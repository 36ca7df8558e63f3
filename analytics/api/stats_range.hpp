// The range of a question about figures: `days`, or `from_date` and `to_date`.
#pragma once

#include <cstdint>

#include "analytics/api/json_text.hpp"
#include "analytics/api/params.hpp"
#include "analytics/store/stats.hpp"

namespace ccproxy::analytics {

inline constexpr std::int64_t max_stats_days = 3660;

/// Half-open, of whole hours of the zone.
struct StatsRange {
    std::int64_t from_ms = 0, to_ms = 0;
    std::int64_t days = 0;  ///< Local days that it touches.
};

/// A date is a day of `zone`, and as `to_date` it is included. An RFC 3339 time is rounded to hours
/// so that its hour is included, unless it is the first moment of one as `to_date`. `to_date` is
/// the end of today when it is not given, and a range without a beginning has `default_days` days.
/// Problems are noted in `params`, and the range is then empty.
StatsRange read_range(Params& params, const DayZone& zone, std::int64_t now_ms,
                      std::int64_t default_days);

/// `from`, `to` and `timezone`: what was asked about, after rounding.
void write_range(JsonText& json, const StatsRange& range, const DayZone& zone);

}  // namespace ccproxy::analytics
