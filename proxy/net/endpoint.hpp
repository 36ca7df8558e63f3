// TCP sockets by their addresses: listening, taking connections, making them.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "common/unique_fd.hpp"

namespace ccproxy::net {

using Endpoint = boost::asio::ip::tcp::endpoint;

/// A non-blocking socket that listens, at an address that others may share (SO_REUSEPORT): the
/// kernel spreads connections over them. Throws std::system_error.
UniqueFd listen_at(const Endpoint& endpoint, int max_pending);

/// The port that the system chose for a socket. Throws std::system_error.
std::uint16_t local_port(int socket);

/// The address of a socket's peer; unspecified when it has gone.
Endpoint remote_endpoint(int socket);

/// The next connection that waits at a listener, non-blocking; none when errno says why: EAGAIN
/// when there is none.
UniqueFd accept_from(int listener, Endpoint& peer);

/// A non-blocking socket that is being connected. `error`: EINPROGRESS when that takes a while, 0
/// when it has been done, otherwise why it cannot be.
UniqueFd start_connecting(const Endpoint& endpoint, int& error);

}  // namespace ccproxy::net
