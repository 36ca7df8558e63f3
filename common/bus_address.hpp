// Where the two programs meet, and which addresses are allowed for that. Pure.
#pragma once

#include <string>

#include "common/result.hpp"

namespace ccproxy {

struct BusAddresses {
    std::string events = "ipc:///run/ccproxy/events.sock";
    std::string control = "ipc:///run/ccproxy/control.sock";
};

/// `ipc:///absolute/path`, or `tcp://` with a loopback address and a port. Any other tcp address
/// would carry events and key hashes in the clear, and is refused.
Result<void> check_bus_address(const std::string& address);

/// The path of an ipc address; empty for another.
std::string ipc_path(const std::string& address);

}  // namespace ccproxy
