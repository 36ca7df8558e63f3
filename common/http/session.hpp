// One client's connection, seen from the server. Internal to this folder.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <set>

#include "common/http/server.hpp"
#include "common/http/worker_pool.hpp"

namespace ccproxy::http {

/// Used by the I/O thread alone.
class Session {
  public:
    virtual ~Session() = default;
    /// Serves requests until the connection ends. Called once.
    virtual boost::asio::awaitable<void> run() = 0;
    /// Closes the connection if no request is under way, else after that request.
    virtual void finish() = 0;
    /// Closes the connection, whatever is under way; an answer that a handler still works on is
    /// dropped.
    virtual void abort() = 0;
};

/// What all sessions of a server share.
struct SessionContext {
    const ServerOptions& options;
    WorkerPool& pool;
    std::size_t streams = 0;  ///< Bodies that are being made in pieces; the I/O thread's.
};

/// `context` outlives the session.
std::shared_ptr<Session> make_session(boost::asio::ip::tcp::socket socket, SessionContext& context);

}  // namespace ccproxy::http
