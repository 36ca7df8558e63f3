// A connected TCP stream, plain or under TLS, read and written without blocking and without buffers
// of its own.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "common/net/address.hpp"
#include "proxy/net/socket.hpp"
#include "proxy/net/task.hpp"

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
};

struct FreeSsl {
    /// Says goodbye first, as far as that is possible at once: OpenSSL would not resume a session
    /// that ended without.
    void operator()(SSL* ssl) const;
};
using SslPtr = std::unique_ptr<SSL, FreeSsl>;

/// For the loop's thread.
class Stream {
  public:
    /// Takes a non-blocking TCP socket that is connected, or being connected: then it becomes
    /// writable when that is done.
    Stream(EventLoop& loop, UniqueFd socket);
    ~Stream();

    /// Goes on under TLS; handshake_step() until it is done comes next.
    void start_tls(SslPtr ssl);
    IoStatus handshake_step();
    /// Gives TLS up without a word to the peer, to go on in the clear.
    void drop_tls();

    /// At most one system call when plain, and none where nothing has come since the last read left
    /// its buffer unfilled.
    IoResult read_some(char* data, std::size_t size);
    IoResult write_some(std::string_view data);
    /// Writes from `first`, then from `second`; counts the bytes of both. What was not written must
    /// come first in the next call, if there is one: under TLS a part of it may be on its way.
    IoResult write_some(std::string_view first, std::string_view second);

    /// Whether nothing has come, neither bytes nor the end, as far as the loop has told. Where
    /// something has, the stream is of no use any more: it may have been read.
    [[nodiscard]] bool is_quiet();

    /// Whether bytes have come that were not read; under TLS they may be the protocol's own.
    [[nodiscard]] bool has_input();

    /// To be awaited: until the socket is ready for what `status` wants. False when the wait was
    /// cancelled.
    auto wait(IoStatus status) { return socket_.wait(wanted_for(status)); }
    /// The same for readable or writable.
    auto wait_any() { return socket_.wait({true, true}); }
    /// Calls `observer` when it is ready for what `status` wants, until called with nullptr.
    void observe(SocketObserver* observer, IoStatus status = IoStatus::wants_read) {
        socket_.observe(observer, wanted_for(status));
    }

    /// Ends a wait on this stream.
    void cancel() { socket_.cancel(); }
    /// Tells the peer that nothing more comes.
    void shutdown_send();
    /// Closes with a reset, so that the peer cannot take what it has for complete.
    void reset();
    void close();
    [[nodiscard]] bool is_open() const { return socket_.is_open(); }
    /// Unspecified when it has gone.
    [[nodiscard]] Address peer() const;
    /// Why connecting failed, as errno tells it; 0 when it did not.
    [[nodiscard]] int connect_error() const;

  private:
    static Readiness wanted_for(IoStatus status) {
        return {status != IoStatus::wants_write, status == IoStatus::wants_write};
    }
    [[nodiscard]] IoStatus tls_status(int result);
    /// What send() returned.
    IoResult written(ssize_t put);
    IoResult write_tls(std::string_view first, std::string_view second);

    Socket socket_;
    SslPtr ssl_;
};

}  // namespace ccproxy::net
