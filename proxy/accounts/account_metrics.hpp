// The accounts' series at /metrics.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "proto/account_report.hpp"

namespace ccproxy {

/// Made anew for each scrape from what the accounts count themselves, so that a reload adds and
/// takes away series and no request looks one up.
std::vector<prometheus::MetricFamily> account_metrics(const std::vector<AccountReport>& accounts);

}  // namespace ccproxy
