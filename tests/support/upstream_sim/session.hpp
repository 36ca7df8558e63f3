// A connection's life: request after request, each from its head to its ledger entry.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "tests/support/upstream_sim/exchange.hpp"

namespace upstream_sim {

/// Serves a connection to its end. `context` outlives it.
asio::awaitable<void> run_session(std::shared_ptr<Connection> connection, Context& context);

}  // namespace upstream_sim
