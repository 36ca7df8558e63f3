#include "common/http/stream.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ccproxy::http {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

}  // namespace

asio::awaitable<TlsStart> Stream::start_tls(const net::TlsServer& tls) {
    tls_.emplace(tcp_, tls.make());
    const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, as_result);
    if (!error) co_return TlsStart::done;
    tls_.reset();
    spdlog::debug("a client's TLS handshake failed: {}", error.message());
    const bool of_openssl = error.category() == asio::error::get_ssl_category();
    const bool plain = of_openssl && net::is_plain_http(static_cast<unsigned long>(error.value()));
    co_return plain ? TlsStart::plain_http : TlsStart::failed;
}

asio::awaitable<void> Stream::end_tls() {
    if (!tls_) co_return;
    // Fails where the client sends on instead of ending its side: it has been told nevertheless.
    co_await tls_->async_shutdown(as_result);
    tls_.reset();
}

bool Stream::is_left() {
    pollfd socket{tcp_.socket().native_handle(), POLLRDHUP, 0};
    return ::poll(&socket, 1, 0) > 0;
}

}  // namespace ccproxy::http
