// What Prometheus reads at /metrics: the calls of the API as they are counted, and the state of
// analyticsd at the moment of reading.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <string>
#include <string_view>
#include <vector>

#include "analytics/api/export.hpp"
#include "analytics/jobs/scheduler.hpp"
#include "analytics/status.hpp"
#include "analytics/store/store.hpp"
#include "common/http/key_guard.hpp"
#include "common/http/server.hpp"

namespace ccproxy::analytics {

/// Counts answers by method, route and class of status. Thread-safe.
class CallCounters {
  public:
    CallCounters();
    /// `route` is a pattern of the table, never a path that a client made up.
    void count(std::string_view method, std::string_view route, int status);
    [[nodiscard]] std::vector<prometheus::MetricFamily> collect() const;

  private:
    prometheus::Registry registry_;
    prometheus::Family<prometheus::Counter>& requests_;
};

/// What the API's listener has and counts itself.
struct Listener {
    Listener(std::shared_ptr<const net::TlsServer> made_tls, std::size_t max_failed_keys_per_minute)
        : tls(std::move(made_tls)), guard(max_failed_keys_per_minute) {}

    http::ServerCounters counters;
    const std::shared_ptr<const net::TlsServer> tls;
    http::KeyGuard guard;
};
std::vector<prometheus::MetricFamily> listener_metrics(const Listener& listener);

/// By job.
std::vector<prometheus::MetricFamily> job_metrics(const std::vector<JobStatus>& jobs);

std::vector<prometheus::MetricFamily> export_metrics(const ExportCounters& exports);

/// Counters and gauges with the values that the status and the sizes have. Pure.
std::vector<prometheus::MetricFamily> state_metrics(const SystemStatus& status,
                                                    const StorageSizes& sizes);

}  // namespace ccproxy::analytics
