// One client connection: its TLS handshake, if it has one, then request after request until one
// side ends it.
#pragma once

#include <memory>

#include "proxy/client_connection.hpp"

namespace ccproxy {

class Worker;

/// Ends when the connection has ended. Owns `client`; runs on the worker's thread.
net::Task<void> run_session(Worker& worker, std::shared_ptr<ClientConnection> client);

}  // namespace ccproxy
