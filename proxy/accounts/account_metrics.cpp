#include "proxy/accounts/account_metrics.hpp"

#include <utility>

namespace ccproxy {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

MetricFamily family(const char* name, const char* help, MetricType type) {
    MetricFamily made;
    made.name = name;
    made.help = help;
    made.type = type;
    return made;
}

void add(MetricFamily& family, Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family.metric.push_back(std::move(metric));
}

}  // namespace

std::vector<MetricFamily> account_metrics(const std::vector<AccountReport>& accounts) {
    MetricFamily requests = family("ccproxy_upstream_requests_total",
                                   "Tries at accounts, by what came of them", MetricType::Counter);
    MetricFamily in_flight =
        family("ccproxy_account_in_flight", "Requests under way at an account", MetricType::Gauge);
    MetricFamily available =
        family("ccproxy_account_available",
               "1 while an account gets requests, 0 while it is left alone", MetricType::Gauge);
    MetricFamily used =
        family("ccproxy_account_limit_used_ratio",
               "Share of an upstream's limit that is used up, as its last answers told",
               MetricType::Gauge);
    for (const AccountReport& account : accounts) {
        const ClientMetric::Label id{"account", account.id};
        add(requests, {id, {"outcome", "answered"}},
            static_cast<double>(account.requests - account.failures));
        add(requests, {id, {"outcome", "failed"}}, static_cast<double>(account.failures));
        add(in_flight, {id}, static_cast<double>(account.in_flight));
        add(available, {id}, account.state == "open" || account.cooldown_until_ms ? 0 : 1);
        for (const LimitReport& limit : account.windows) {
            if (limit.used) add(used, {id, {"limit", limit.name}}, *limit.used);
        }
    }
    return {requests, in_flight, available, used};
}

}  // namespace ccproxy
