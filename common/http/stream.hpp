// A connection's bytes, plain or under TLS, with the time limits of Beast's tcp_stream. Internal to
// this folder.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <optional>
#include <string_view>

#include "common/net/tls_server.hpp"

namespace ccproxy::http {

enum class TlsStart {
    done,
    plain_http,  ///< The client speaks plain HTTP.
    failed
};

/// An AsyncReadStream and AsyncWriteStream, so that all the rest need not know which it is. Used by
/// the I/O thread alone.
class Stream {
  public:
    using executor_type = boost::beast::tcp_stream::executor_type;

    explicit Stream(boost::asio::ip::tcp::socket socket) : tcp_(std::move(socket)) {}

    executor_type get_executor() { return tcp_.get_executor(); }
    boost::asio::ip::tcp::socket& socket() { return tcp_.socket(); }
    /// From now on a phase may take so long; then what waits fails, and the connection is closed.
    void expires_after(std::chrono::milliseconds timeout) { tcp_.expires_after(timeout); }
    void close() { tcp_.close(); }

    /// Goes on under TLS. Where that fails the connection is in the clear again.
    boost::asio::awaitable<TlsStart> start_tls(const net::TlsServer& tls);
    /// Tells the client under TLS that nothing more comes, and waits until it has said the same.
    boost::asio::awaitable<void> end_tls();

    /// Whether the client has gone, or has ended its side, whatever it has sent before.
    bool is_left();

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return boost::asio::async_initiate<Token, Signature>(
            [this](auto handler, const Buffers& into) {
                if (tls_) return tls_->async_read_some(into, std::move(handler));
                tcp_.async_read_some(into, std::move(handler));
            },
            token, buffers);
    }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return boost::asio::async_initiate<Token, Signature>(
            [this](auto handler, const Buffers& from) {
                if (tls_) return tls_->async_write_some(from, std::move(handler));
                tcp_.async_write_some(from, std::move(handler));
            },
            token, buffers);
    }

  private:
    using Signature = void(boost::system::error_code, std::size_t);

    boost::beast::tcp_stream tcp_;
    std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;
};

}  // namespace ccproxy::http
