// What the proxy answers out of itself, without an upstream.
#pragma once

#include <string>

#include "proxy/routes.hpp"

namespace ccproxy {

struct Shared;

struct LocalAnswer {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
};

/// For the routes hello, telemetry, healthz, readyz and metrics.
LocalAnswer make_local_answer(Route route, Shared& shared);

}  // namespace ccproxy
