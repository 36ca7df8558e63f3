// Figures as JSON. openapi.yaml says what each field means.
#pragma once

#include <string_view>

#include "analytics/api/json_text.hpp"
#include "analytics/stats/figures.hpp"

namespace ccproxy::analytics {

/// Requests, tokens and cost. The older calls name the requests differently: `request_count` or
/// `total_requests`.
void write_counts(JsonText& json, const Figures& figures, std::string_view requests_name);
/// Averages of duration and time to first token; percentiles beside them when the histograms were
/// asked for.
void write_averages(JsonText& json, const Figures& figures);
void write_percentiles(JsonText& json, const Figures& figures);

}  // namespace ccproxy::analytics
