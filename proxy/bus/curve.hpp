// How the proxy shows who it is, and knows analyticsd, across machines.
#pragma once

#include <string>

#include "common/bus/curve_keys.hpp"

namespace ccproxy::bus {

struct Curve {
    CurveKeys keys;  ///< The proxy's own; analyticsd lists the public one under the proxy's name.
    std::string server_public_key;  ///< analyticsd's.
    bool operator==(const Curve&) const = default;
};

}  // namespace ccproxy::bus
