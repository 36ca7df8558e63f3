// From a request to its handler: the table, and who may come in.
#pragma once

#include <string>

#include "analytics/api/call.hpp"

namespace ccproxy::analytics {

/// Finds the route, checks the caller, runs the handler. Throws what the handler throws.
http::Response answer_call(const http::Request& request, Worker& worker,
                           const std::string& admin_key);

}  // namespace ccproxy::analytics
