// A connected TCP stream, plain or under TLS, read and written without blocking and without buffers
// of its own.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/net/types.hpp"

namespace ccproxy::net {

enum class IoStatus {
    ok,
    wants_read,   ///< Nothing now; wait until the socket is readable.
    wants_write,  ///< Nothing now; wait until the socket is writable.
    closed,       ///< The peer ended its side properly.
    failed        ///< Reset, or, under TLS, cut short or broken.
};

struct IoResult {
    IoStatus status = IoStatus::failed;
    std::size_t bytes = 0;
    /// After a read: more may be there already. Without it, waiting is the next step.
    bool maybe_more = false;
};

struct FreeSsl {
    /// Says goodbye first, as far as that is possible at once: OpenSSL would not resume a session
    /// that ended without.
    void operator()(SSL* ssl) const;
};
using SslPtr = std::unique_ptr<SSL, FreeSsl>;

/// For one thread.
class Stream {
  public:
    /// Takes a connected socket.
    explicit Stream(TcpSocket socket);
    Stream(Stream&&) = default;
    Stream& operator=(Stream&&) = default;
    ~Stream();

    /// Goes on under TLS; handshake_step() until it is done comes next.
    void start_tls(SslPtr ssl);
    IoStatus handshake_step();
    /// Gives TLS up without a word to the peer, to go on in the clear.
    void drop_tls();

    /// At most one system call when plain, and none after a read that left its buffer unfilled:
    /// there was nothing more then, and the wait that this asks for notices what has come since.
    IoResult read_some(char* data, std::size_t size);
    IoResult write_some(std::string_view data);
    /// Writes from `first`, then from `second`; counts the bytes of both. What was not written must
    /// come first in the next call, if there is one: under TLS a part of it may be on its way.
    IoResult write_some(std::string_view first, std::string_view second);

    /// Whether nothing has come, neither bytes nor the end. Where something has, the stream is of
    /// no use any more: it may have been read.
    [[nodiscard]] bool is_quiet();

    /// Whether bytes have come that were not read; under TLS they may be the protocol's own.
    [[nodiscard]] bool has_input();

    /// Suspends until the socket is ready for what `status` wants. False when the wait was
    /// cancelled.
    Task<bool> wait(IoStatus status);
    /// Suspends until the socket is readable or writable. False when the wait was cancelled.
    Task<bool> wait_any();

    /// Ends every wait on this stream.
    void cancel();
    /// Tells the peer that nothing more comes.
    void shutdown_send();
    /// Closes with a reset, so that the peer cannot take what it has for complete.
    void reset();
    void close();
    [[nodiscard]] bool is_open() const { return socket_.is_open(); }
    [[nodiscard]] TcpSocket& socket() { return socket_; }

  private:
    [[nodiscard]] IoStatus tls_status(int result) const;
    IoResult write_tls(std::string_view first, std::string_view second);

    TcpSocket socket_;
    SslPtr ssl_;
    bool was_emptied_ = false;  ///< By the last read; for plain streams only.
};

}  // namespace ccproxy::net
