// The listener: accepts connections and starts their sessions.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>

#include "tests/support/upstream_sim/exchange.hpp"

namespace upstream_sim {

class Server {
  public:
    /// Binds and listens. `tls` is nullptr for plain HTTP. Throws boost::system::system_error when
    /// the address is taken. All arguments outlive it.
    Server(asio::io_context& io, Context& context, asio::ssl::context* tls);

    /// The port it listens on.
    std::uint16_t port() const;

    /// Starts to accept; runs until the io_context stops.
    void start();

  private:
    asio::awaitable<void> accept_loop();

    asio::io_context& io_;
    Context& context_;
    asio::ssl::context* tls_;
    asio::ip::tcp::acceptor acceptor_;
};

}  // namespace upstream_sim
