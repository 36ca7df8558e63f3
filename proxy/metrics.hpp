// The proxy's counters, as Prometheus reads them at /metrics.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <array>
#include <string>
#include <vector>

#include "proxy/accounts/account.hpp"
#include "proxy/bus/publisher.hpp"
#include "proxy/journal/journal.hpp"
#include "proxy/routes.hpp"

namespace ccproxy {

/// Thread-safe. Every series exists from the start, so that counting one is an addition and no
/// look-up.
class Metrics {
  public:
    explicit Metrics(const std::vector<accounts::Account>& accounts);

    void count_request(Route route, int status);
    void count_upstream(const accounts::Account& account, bool answered);

    prometheus::Gauge& connections() { return *connections_; }
    prometheus::Gauge& in_flight() { return *in_flight_; }
    prometheus::Counter& refused_connections() { return *refused_connections_; }

    /// The exposition text, with the journal's and the bus's state at this moment.
    std::string expose(const journal::Journal& journal, const bus::PublisherStatus& bus);

  private:
    static constexpr std::size_t routes = static_cast<std::size_t>(Route::unknown) + 1;
    struct PerAccount {
        prometheus::Counter* answered;
        prometheus::Counter* failed;
    };

    prometheus::Registry registry_;
    std::array<std::array<prometheus::Counter*, 6>, routes> requests_{};
    std::vector<PerAccount> upstream_;
    prometheus::Gauge* connections_;
    prometheus::Gauge* in_flight_;
    prometheus::Counter* refused_connections_;
    prometheus::Gauge* journal_bytes_;
    prometheus::Gauge* journal_next_seq_;
    prometheus::Gauge* journal_acked_seq_;
    prometheus::Gauge* dropped_;
    prometheus::Gauge* unreadable_;
    prometheus::Gauge* bus_connected_;
};

}  // namespace ccproxy
