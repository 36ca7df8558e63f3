// From a request to its handler: the table, and who may come in.
#pragma once

#include <string>
#include <vector>

#include "analytics/api/call.hpp"

namespace ccproxy::analytics {

/// Finds the route, checks the caller, runs the handler. Throws what the handler throws.
http::Response answer_call(const http::Request& request, Worker& worker,
                           const std::string& admin_key);

/// Every line of the table, such as `GET /api/logs/requests/:id`.
std::vector<std::string> known_calls();

}  // namespace ccproxy::analytics
