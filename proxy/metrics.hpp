// The proxy's counters, as Prometheus reads them at /metrics.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <array>
#include <string>
#include <vector>

#include "common/net/tls_server.hpp"
#include "proto/account_report.hpp"
#include "proxy/bus/publisher.hpp"
#include "proxy/journal/journal.hpp"
#include "proxy/routes.hpp"

namespace ccproxy {

/// Thread-safe. Every series exists from the start, so that counting one is an addition and no
/// look-up.
class Metrics {
  public:
    Metrics();

    void count_request(Route route, int status);

    prometheus::Gauge& connections() { return *connections_; }
    prometheus::Gauge& in_flight() { return *in_flight_; }
    prometheus::Gauge& draining() { return *draining_; }
    prometheus::Counter& refused_connections() { return *refused_connections_; }
    prometheus::Counter& refused_connections_of_address() {
        return *refused_connections_of_address_;
    }
    prometheus::Counter& blocked_addresses() { return *blocked_addresses_; }
    prometheus::Counter& blocked_requests() { return *blocked_requests_; }
    prometheus::Counter& failed_handshakes() { return *failed_handshakes_; }
    prometheus::Counter& web_deletions(bool deleted) {
        return deleted ? *web_deletions_ : *failed_web_deletions_;
    }

    /// The exposition text, with the state of the journal, the bus, the accounts and the clients'
    /// TLS (nullptr without) at this moment.
    std::string expose(const journal::Journal& journal, const bus::PublisherStatus& bus,
                       const std::vector<AccountReport>& accounts, const net::TlsServer* tls);

  private:
    static constexpr std::size_t routes = static_cast<std::size_t>(Route::unknown) + 1;

    prometheus::Registry registry_;
    std::array<std::array<prometheus::Counter*, 6>, routes> requests_{};
    prometheus::Gauge* connections_;
    prometheus::Gauge* in_flight_;
    prometheus::Gauge* draining_;
    prometheus::Counter* refused_connections_;
    prometheus::Counter* refused_connections_of_address_;
    prometheus::Counter* blocked_addresses_;
    prometheus::Counter* blocked_requests_;
    prometheus::Counter* failed_handshakes_;
    prometheus::Counter* web_deletions_;
    prometheus::Counter* failed_web_deletions_;
    prometheus::Gauge* journal_bytes_;
    prometheus::Gauge* journal_next_seq_;
    prometheus::Gauge* journal_acked_seq_;
    prometheus::Gauge* dropped_;
    prometheus::Gauge* unreadable_;
    prometheus::Gauge* bus_connected_;
};

}  // namespace ccproxy
