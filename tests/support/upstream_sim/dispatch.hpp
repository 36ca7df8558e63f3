// From a whole request to its answer: routing, authentication, steered errors, endpoints.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "tests/support/upstream_sim/exchange.hpp"

namespace upstream_sim {

/// Answers the request. `steering_problem` is what was wrong with its steering, if anything.
asio::awaitable<Ending> dispatch(Exchange& exchange, std::string steering_problem);

/// Whether the ledger takes this request: all but those to the simulator's own endpoints.
bool recorded(const Request& request);

}  // namespace upstream_sim
