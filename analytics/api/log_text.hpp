// A request log as JSON and as a row of CSV.
#pragma once

#include "analytics/api/csv_text.hpp"
#include "analytics/api/json_text.hpp"
#include "analytics/api/params.hpp"
#include "analytics/store/store.hpp"

namespace ccproxy::analytics {

/// The filters that lists and exports of logs share. What is wrong is noted in `params`.
LogFilter read_log_filter(Params& params);

void write_log(JsonText& json, const RequestLog& log);

/// The names of the columns. The first eighteen and their order are those of the system that came
/// before, whose exports people have programs for.
void write_log_header(CsvText& csv);
void write_log(CsvText& csv, const RequestLog& log);

}  // namespace ccproxy::analytics
