// The client's side of a connection: bytes in, bytes out, and the moment it goes away.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/net/deadline.hpp"
#include "proxy/net/stream.hpp"

namespace ccproxy {

/// Why a suspended coroutine was woken before what it waited for.
enum class Interrupt { none, deadline, client_gone, shutdown };

/// For one thread. Every wait of a session, also those on its upstream connection, ends when this
/// connection is interrupted; interrupt() says why.
class ClientConnection final : public net::Deadlined,
                               public std::enable_shared_from_this<ClientConnection> {
  public:
    explicit ClientConnection(net::TcpSocket socket) : stream_(std::move(socket)) {}

    /// Bytes that were received and not taken yet.
    std::string& input() { return input_; }
    net::Stream& stream() { return stream_; }

    /// Receives more bytes. False when there are none to come: the client has left or the wait was
    /// interrupted.
    net::Task<bool> receive();

    /// Sends all of `first`, then all of `second`, waiting for the client where it is slow; the
    /// views are needed until the first suspension only. False when the client has left or the wait
    /// was interrupted.
    net::Task<bool> send(std::string_view first, std::string_view second,
                         net::milliseconds timeout);

    /// From now on, while the request is served, notices when the client leaves; what it sends
    /// meanwhile is kept.
    void watch();
    void unwatch();

    /// Called by interrupt(), to end waits on other streams that belong to this connection's
    /// request.
    std::function<void()> on_interrupt;

    [[nodiscard]] Interrupt interrupted() const { return interrupt_; }
    void interrupt(Interrupt reason);
    /// A deadline was answered; go on.
    void clear_deadline_interrupt();

    /// Whether the connection waits for a request and may be closed without harm.
    bool idle = true;

  private:
    void on_deadline() override { interrupt(Interrupt::deadline); }
    void on_watched(unsigned generation);

    net::Stream stream_;
    std::string input_;
    Interrupt interrupt_ = Interrupt::none;
    unsigned watch_generation_ = 0;
};

}  // namespace ccproxy
