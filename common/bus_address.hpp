// Where the two programs meet, and which addresses are allowed for that. Pure.
#pragma once

#include <string>

#include "common/result.hpp"

namespace ccproxy {

struct BusAddresses {
    std::string events = "ipc:///run/ccproxy/events.sock";
    std::string control = "ipc:///run/ccproxy/control.sock";
};

/// How far a tcp address may reach.
enum class BusReach {
    loopback,        ///< Without encryption: anything else would carry events and key hashes in the
                     ///< clear.
    network,         ///< Any IP address.
    network_by_name  ///< Any IP address or host name, for the side that connects.
};

/// `ipc:///absolute/path`, or `tcp://` with a host within reach and a port.
Result<void> check_bus_address(const std::string& address, BusReach reach = BusReach::loopback);

/// The path of an ipc address; empty for another.
std::string ipc_path(const std::string& address);

}  // namespace ccproxy
