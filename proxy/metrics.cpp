#include "proxy/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>

#include "proxy/accounts/account_metrics.hpp"

namespace ccproxy {
namespace {

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Counter& counter(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

/// Only there with TLS: without it a 0 would look like a certificate that expired long ago.
prometheus::MetricFamily certificate_metric(const net::TlsServer& tls) {
    prometheus::ClientMetric metric;
    metric.gauge.value = static_cast<double>(tls.valid_until_ms()) / 1000;
    return {"ccproxy_tls_certificate_expires_seconds",
            "When the certificate for clients expires, in seconds since 1970",
            prometheus::MetricType::Gauge,
            {metric}};
}

}  // namespace

Metrics::Metrics() {
    auto& requests = prometheus::BuildCounter()
                         .Name("ccproxy_requests_total")
                         .Help("Requests that ended, by route and class of status")
                         .Register(registry_);
    static constexpr std::array<const char*, 6> classes{"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    for (std::size_t route = 0; route < routes; ++route) {
        for (std::size_t i = 0; i < classes.size(); ++i) {
            requests_[route][i] =
                &requests.Add({{"route", std::string(route_name(static_cast<Route>(route)))},
                               {"status", classes[i]}});
        }
    }
    connections_ = &gauge(registry_, "ccproxy_client_connections", "Open client connections");
    in_flight_ = &gauge(registry_, "ccproxy_requests_in_flight", "Requests being served");
    draining_ = &gauge(registry_, "ccproxy_requests_draining",
                       "Requests in flight whose client has left and whose answer is read on");
    auto& refused = prometheus::BuildCounter()
                        .Name("ccproxy_refused_connections_total")
                        .Help("Connections closed at once, by the limit that they exceeded")
                        .Register(registry_);
    refused_connections_ = &refused.Add({{"limit", "max_connections"}});
    refused_connections_of_address_ = &refused.Add({{"limit", "max_connections_per_address"}});
    blocked_addresses_ = &counter(registry_, "ccproxy_blocked_addresses_total",
                                  "Addresses that tried as many unknown keys as they may");
    blocked_requests_ = &counter(registry_, "ccproxy_blocked_requests_total",
                                 "Requests with more unknown keys of such addresses");
    failed_handshakes_ = &counter(registry_, "ccproxy_tls_failed_handshakes_total",
                                  "Client connections whose TLS handshake failed");
    auto& web_deletions =
        prometheus::BuildCounter()
            .Name("ccproxy_web_deletions_total")
            .Help("Conversations to be deleted at web accounts, by what came of it")
            .Register(registry_);
    web_deletions_ = &web_deletions.Add({{"outcome", "deleted"}});
    failed_web_deletions_ = &web_deletions.Add({{"outcome", "failed"}});
    journal_bytes_ = &gauge(registry_, "ccproxy_journal_bytes", "Size of the journal on disk");
    journal_next_seq_ =
        &gauge(registry_, "ccproxy_journal_next_seq", "Sequence number of the next event");
    journal_acked_seq_ = &gauge(registry_, "ccproxy_journal_acked_seq",
                                "Last sequence number that analyticsd has made durable");
    dropped_ = &gauge(registry_, "ccproxy_events_dropped",
                      "Events that could not be written to the journal, since it was made");
    unreadable_ = &gauge(registry_, "ccproxy_events_unreadable",
                         "Events the disk has damaged in the journal, since start");
    bus_connected_ =
        &gauge(registry_, "ccproxy_bus_connected", "1 while analyticsd answers, 0 otherwise");
}

void Metrics::count_request(Route route, int status) {
    const auto status_class = static_cast<std::size_t>(std::clamp(status / 100, 0, 5));
    requests_[static_cast<std::size_t>(route)][status_class]->Increment();
}

std::string Metrics::expose(const journal::Journal& journal, const bus::PublisherStatus& bus,
                            const std::vector<AccountReport>& accounts, const net::TlsServer* tls) {
    const journal::JournalStatus status = journal.status();
    journal_bytes_->Set(static_cast<double>(status.bytes));
    journal_next_seq_->Set(static_cast<double>(status.next_seq));
    journal_acked_seq_->Set(static_cast<double>(bus.acked_seq));
    dropped_->Set(static_cast<double>(status.dropped));
    unreadable_->Set(static_cast<double>(bus.unreadable));
    bus_connected_->Set(bus.connected ? 1 : 0);
    std::vector<prometheus::MetricFamily> families = registry_.Collect();
    for (prometheus::MetricFamily& family : account_metrics(accounts)) {
        families.push_back(std::move(family));
    }
    if (tls != nullptr) families.push_back(certificate_metric(*tls));
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace ccproxy
