// One connection, plain or TLS.
#include "tests/support/upstream_sim/connection.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "tests/support/upstream_sim/options.hpp"

namespace upstream_sim {
namespace {

using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kWatchBytes = 2 * 1024;  // held by every waiting stream
constexpr milliseconds kHandshakeLimit{10'000};
constexpr milliseconds kShutdownLimit{500};
constexpr milliseconds kLingerLimit{2'000};

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, asio::ssl::context* tls)
    : socket_(std::move(socket)), timer_(socket_.get_executor()) {
    if (tls != nullptr) tls_.emplace(socket_, *tls);
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

asio::awaitable<bool> Connection::handshake() {
    if (!tls_) co_return true;
    close_after(kHandshakeLimit);
    const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kToken);
    timer_.cancel();
    co_return !error;
}

asio::awaitable<bool> Connection::fill() {
    const std::size_t before = inbox_.size();
    while (watching_) {
        timer_.expires_at(steady_clock::time_point::max());
        co_await timer_.async_wait(kToken);
    }
    if (inbox_.size() > before) co_return true;
    if (gone_) co_return false;
    const auto space = inbox_.prepare(kReadBytes);
    error_code error;
    std::size_t size = 0;
    if (tls_) {
        std::tie(error, size) = co_await tls_->async_read_some(space, kToken);
    } else {
        std::tie(error, size) = co_await socket_.async_read_some(space, kToken);
    }
    inbox_.commit(size);
    gone_ = gone_ || error;
    co_return size > 0;
}

asio::awaitable<bool> Connection::write(std::string_view bytes) {
    const auto buffer = asio::buffer(bytes);
    error_code error;
    std::size_t size = 0;
    if (tls_) {
        std::tie(error, size) = co_await asio::async_write(*tls_, buffer, kToken);
    } else {
        std::tie(error, size) = co_await asio::async_write(socket_, buffer, kToken);
    }
    if (error) gone_ = true;
    co_return !error;
}

asio::awaitable<bool> Connection::pause(milliseconds duration) {
    const auto until = steady_clock::now() + duration;
    while (!gone_ && steady_clock::now() < until) {
        watch();
        timer_.expires_at(until);
        co_await timer_.async_wait(kToken);
    }
    co_return !gone_;
}

void Connection::watch() {
    // With a full inbox the client's leaving goes unnoticed until a write fails.
    if (watching_ || gone_ || inbox_.size() >= kPipelineLimitBytes) return;
    watching_ = true;
    const auto space = inbox_.prepare(kWatchBytes);
    auto done = [self = shared_from_this()](error_code error, std::size_t size) {
        self->watching_ = false;
        self->inbox_.commit(size);
        if (error && error != asio::error::operation_aborted) self->gone_ = true;
        self->timer_.cancel();
    };
    if (tls_) {
        tls_->async_read_some(space, std::move(done));
    } else {
        socket_.async_read_some(space, std::move(done));
    }
}

asio::awaitable<void> Connection::stop_watch() {
    error_code ignored;
    socket_.cancel(ignored);
    while (watching_) {
        timer_.expires_at(steady_clock::time_point::max());
        co_await timer_.async_wait(kToken);
    }
}

void Connection::close_after(milliseconds after) {
    timer_.expires_after(after);
    timer_.async_wait([self = shared_from_this()](error_code error) {
        error_code ignored;
        if (!error) self->socket_.close(ignored);
    });
}

asio::awaitable<void> Connection::close(bool truncate) {
    error_code ignored;
    if (watching_) co_await stop_watch();
    if (tls_ && !gone_ && !truncate) {
        close_after(kShutdownLimit);
        co_await tls_->async_shutdown(kToken);
        timer_.cancel();
    }
    socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
}

asio::awaitable<void> Connection::linger() {
    error_code ignored;
    if (watching_) co_await stop_watch();
    if (!tls_) socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    close_after(kLingerLimit);
    inbox_.clear();
    while (co_await fill()) inbox_.clear();
    timer_.cancel();
    co_await close(false);
}

void Connection::reset() {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

}  // namespace upstream_sim
