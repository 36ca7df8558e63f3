// One connection, plain or TLS: reading, writing, waiting, and the ways to end it.
//
// While the session waits in pause(), a read stays pending ("the watch") so that a client who
// leaves is noticed at once; what it reads is pipelined input and lands in the inbox. Outside of
// pauses nothing watches: a fast answer costs no read that it does not need.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace upstream_sim {

namespace asio = boost::asio;

/// Belongs to one coroutine on the one thread; the pending watch keeps it alive.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    /// `tls` is nullptr for plain HTTP and outlives the connection.
    Connection(asio::ip::tcp::socket socket, asio::ssl::context* tls);

    /// Does the TLS handshake, if any. False when it fails or takes too long.
    asio::awaitable<bool> handshake();

    /// What was received and not yet taken.
    boost::beast::flat_buffer& inbox() { return inbox_; }

    /// Reads at least one more byte into the inbox. False when the client is gone.
    asio::awaitable<bool> fill();

    /// Writes all of `bytes`, which the caller keeps alive. False when the client is gone.
    asio::awaitable<bool> write(std::string_view bytes);

    /// Waits. False as soon as the client has left; a half-close counts as leaving.
    asio::awaitable<bool> pause(std::chrono::milliseconds duration);

    /// Ends the connection in an orderly way, over TLS with a close_notify unless `truncate`.
    asio::awaitable<void> close(bool truncate);

    /// As close(), but first discards what the client still sends, for a while: a socket closed
    /// over unread bytes resets the connection, and the client may lose the answer.
    asio::awaitable<void> linger();

    /// Resets the connection (RST).
    void reset();

  private:
    void watch();
    /// Closes the socket when `after` passes, unless timer_ is cancelled before.
    void close_after(std::chrono::milliseconds after);
    asio::awaitable<void> stop_watch();

    asio::ip::tcp::socket socket_;
    std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls_;
    asio::steady_timer timer_;
    boost::beast::flat_buffer inbox_;
    bool watching_ = false;
    bool gone_ = false;
};

}  // namespace upstream_sim
