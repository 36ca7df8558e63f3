// What everything here measures time in.
#pragma once

#include <chrono>

namespace ccproxy::net {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

}  // namespace ccproxy::net
