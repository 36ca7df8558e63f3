// The two ZeroMQ sockets of the bus, bound and set up, and how messages go through them.
#pragma once

#include <string>
#include <vector>
#include <zmq.hpp>

#include "common/bus_address.hpp"

namespace ccproxy::analytics {

/// Used by one thread at a time. Its destructor waits for a moment, so that the last acks leave.
class BusSockets {
  public:
    /// Binds both. Throws std::runtime_error with a message for the operator.
    explicit BusSockets(const BusAddresses& addresses);

    zmq::socket_t& events() { return events_; }
    zmq::socket_t& control() { return control_; }

    /// The next message's frames; empty when none waits. Of more than three frames the rest is
    /// dropped.
    static std::vector<zmq::message_t> receive(zmq::socket_t& socket);
    /// False when the peer is gone or takes nothing.
    bool send(const std::string& routing_id, const std::string& bytes);

  private:
    static void bind(zmq::socket_t& socket, const std::string& address, const char* key);

    zmq::context_t context_;
    zmq::socket_t events_, control_;
};

}  // namespace ccproxy::analytics
