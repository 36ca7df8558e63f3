// A small HTTP/1.1 server for an API: one thread speaks to all clients, a few threads run the
// handlers. It is made for an API, not for traffic: answers take milliseconds and fit in memory, or
// are made in pieces that do, or are promised for later.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/http/message.hpp"
#include "common/net/address_set.hpp"
#include "common/net/tls_server.hpp"

namespace ccproxy::http {

/// Answers one request. When it throws, the client gets a 500 and the error is logged. For a HEAD
/// it may answer as for a GET: the server leaves the body out.
using Handler = std::function<Response(const Request&)>;

/// Makes the handler of one thread, so that what the handler owns (a database connection) is used
/// by one thread at a time. Called once for each thread, by the thread that calls start().
using HandlerFactory = std::function<Handler()>;

/// Since the start; read by any thread.
struct ServerCounters {
    std::atomic<std::uint64_t> failed_handshakes{0};
    std::atomic<std::uint64_t> refused_connections{0};  ///< Since there were too many.
};

struct ServerOptions {
    std::string listen_host = "127.0.0.1";  ///< An address, not a name.
    std::uint16_t port = 0;                 ///< 0 takes a free one.
    int threads = 2;                        ///< That run handlers.
    /// Connections are under TLS; without it they are plain. May load other files meanwhile.
    std::shared_ptr<const net::TlsServer> tls = nullptr;

    std::size_t head_limit_bytes = 16 * 1024;    ///< Beyond it: 431.
    std::size_t body_limit_bytes = 1024 * 1024;  ///< Beyond it: 413.
    std::size_t max_connections = 1000;  ///< Beyond it: 503 (under TLS nothing), closed at once.
    /// Of one address, or of one /64 of IPv6; beyond it: 429 (under TLS nothing), closed at once. 0
    /// is no limit.
    std::size_t max_connections_per_address = 0;
    /// Servers that pass requests on and whose `X-Forwarded-For` says for whom; their own
    /// connections are not limited by address.
    net::AddressSet trusted_proxies;
    std::size_t max_queued = 256;  ///< Requests that wait for a thread; beyond it: 503.
    std::size_t max_streams = 16;  ///< Bodies that are made in pieces at once; beyond it: 503.

    /// A phase that takes longer closes the connection; of a body that is made in pieces, so long
    /// a time without a byte that could be written.
    std::chrono::milliseconds head_timeout{30'000};  ///< Also of a TLS handshake.
    std::chrono::milliseconds body_timeout{30'000};
    std::chrono::milliseconds write_timeout{30'000};
    std::chrono::milliseconds idle_timeout{60'000};  ///< Between two requests.
    /// stop() waits this long for requests that run; then they are broken off.
    std::chrono::milliseconds stop_timeout{5'000};

    ServerCounters* counters = nullptr;  ///< Outlive the server; nobody counts without.

    std::vector<Field> extra_headers;  ///< For every answer, the server's own errors included.
};

/// start() and stop() are called by one thread.
class Server {
  public:
    Server(ServerOptions options, HandlerFactory factory);
    /// Stops.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Makes the handlers, binds and listens. Throws std::runtime_error that names the address when
    /// that fails, and what the factory throws.
    void start();
    /// The port that is listened on, after start().
    [[nodiscard]] std::uint16_t port() const;
    /// Takes no more connections, closes idle ones, lets running requests end, then returns. May be
    /// called twice.
    void stop();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ccproxy::http
