// The two ZeroMQ sockets of a proxy, connected and set up, and how messages go through them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "proxy/bus/publisher.hpp"
#include "proxy/journal/blocks.hpp"

namespace ccproxy::bus {

/// Used by one thread at a time. Blocks that were lent to it must outlive it.
class Sockets {
  public:
    /// Throws when an address is malformed.
    explicit Sockets(const PublisherOptions& options);

    zmq::socket_t& control() { return control_; }
    /// All return at once. False when there is no connection, or no room on it.
    bool send_control(const std::string& bytes);
    bool send_event(const std::string& envelope, std::string_view payload);
    /// The same without a copy of the payload: `block`, in which it stands, is lent until it is
    /// sent.
    bool send_event(const std::string& envelope, std::string_view payload, journal::Block& block);
    /// The next control message; nullopt when none waits.
    std::optional<std::string> receive_control();

  private:
    bool send_event(const std::string& envelope, zmq::message_t payload);

    zmq::context_t context_;
    zmq::socket_t events_, control_;
};

}  // namespace ccproxy::bus
