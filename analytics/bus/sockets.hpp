// The two ZeroMQ sockets of the bus, bound and set up, and how messages go through them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "analytics/bus/curve.hpp"
#include "analytics/bus/gatekeeper.hpp"
#include "common/bus_address.hpp"

namespace ccproxy::analytics {

/// Used by one thread at a time. Its destructor waits for a moment, so that the last acks leave.
class BusSockets {
  public:
    /// Binds both. Throws std::runtime_error with a message for the operator.
    BusSockets(const BusAddresses& addresses, const std::optional<BusCurve>& curve);

    zmq::socket_t& events() { return events_; }
    zmq::socket_t& control() { return control_; }

    /// The next message's frames; empty when none waits. Of more than three frames the rest is
    /// dropped.
    static std::vector<zmq::message_t> receive(zmq::socket_t& socket);
    /// The id of the listed key that a message came with. Empty without CURVE.
    static std::string user_of(zmq::message_t& frame);
    [[nodiscard]] bool has_curve() const { return gatekeeper_.has_value(); }
    /// Connections whose key is not listed.
    [[nodiscard]] std::uint64_t refused_keys() const;

    /// False when the peer is gone or takes nothing.
    bool send(const std::string& routing_id, const std::string& bytes);

  private:
    void bind(zmq::socket_t& socket, const std::string& address, const char* key) const;

    zmq::context_t context_;
    std::optional<Gatekeeper> gatekeeper_;  ///< With CURVE.
    zmq::socket_t events_, control_;
};

}  // namespace ccproxy::analytics
