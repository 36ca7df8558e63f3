// The simulator's own endpoints: the ledger and the figures.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "tests/support/upstream_sim/exchange.hpp"

namespace upstream_sim {

/// GET (or HEAD) /sim/ledger: streams the entries that exist when it starts.
asio::awaitable<Ending> send_ledger(Exchange& exchange);

/// The body of GET /sim/stats.
std::string stats_json(const Context& context);

}  // namespace upstream_sim
