// Sends a body as its source makes it: a worker makes a piece, the connection writes it, and only
// then is the next one made. So a slow client slows the source down, holds no thread meanwhile, and
// no more than one piece is in memory. Internal to this folder.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "common/http/handoff.hpp"
#include "common/http/message.hpp"
#include "common/http/stream.hpp"
#include "common/http/worker_pool.hpp"

namespace ccproxy::http {

/// Used by the I/O thread alone.
class BodyPump {
  public:
    /// All must outlive it.
    BodyPump(Stream& stream, WorkerPool& pool, const ServerOptions& options)
        : stream_(stream), pool_(pool), options_(options) {}

    /// Writes the whole body, after its head was written. False when the client left, when the
    /// source failed, which is logged, or when it was aborted: then the connection is of no use any
    /// more. The source is let go of as soon as no thread works on it. Called once.
    boost::asio::awaitable<bool> run(std::shared_ptr<BodySource> source, Framing framing);
    void abort();

  private:
    struct Piece;
    boost::asio::awaitable<bool> make(std::shared_ptr<Piece> piece);
    boost::asio::awaitable<bool> write(std::shared_ptr<Piece> piece, Framing framing);

    Stream& stream_;
    WorkerPool& pool_;
    const ServerOptions& options_;
    std::shared_ptr<Handoff> awaited_;  ///< While a worker makes a piece.
    bool aborted_ = false;
};

}  // namespace ccproxy::http
