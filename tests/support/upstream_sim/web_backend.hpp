// The chat backend that the proxy's web mode speaks to: conversations and their completions.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "tests/support/upstream_sim/exchange.hpp"
#include "tests/support/upstream_sim/routes.hpp"

namespace upstream_sim {

/// Whether it is one of the backend's calls.
bool is_web(Route route);

/// Answers one. A completion is steered like a message; the other calls by what steer_web() has
/// been told. Credentials are the cookie `sessionKey`.
asio::awaitable<Ending> web_call(Exchange& exchange, Route route, std::string steering_problem);

/// `PUT /sim/web/CALL` with steering as its body: for the calls organizations, create, delete from
/// now on. Returns what is wrong; empty when all is well.
std::string steer_web(Exchange& exchange);

/// `{"conversations":[…]}`: the paths of those that have not been deleted.
std::string web_json(const WebBackend& web);

}  // namespace upstream_sim
