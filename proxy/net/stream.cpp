#include "proxy/net/stream.hpp"

#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ccproxy::net {
namespace {

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

void FreeSsl::operator()(SSL* ssl) const {
    if (SSL_is_init_finished(ssl) && SSL_get_fd(ssl) >= 0) {
        ERR_clear_error();
        SSL_shutdown(ssl);
    }
    SSL_free(ssl);
}

Stream::Stream(TcpSocket socket) : socket_(std::move(socket)) {
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

Stream::~Stream() = default;

void Stream::start_tls(SslPtr ssl) {
    ssl_ = std::move(ssl);
    SSL_set_fd(ssl_.get(), socket_.native_handle());
}

IoStatus Stream::handshake_step() {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    return result == 1 ? IoStatus::ok : tls_status(result);
}

void Stream::drop_tls() {
    if (ssl_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    ssl_ = nullptr;
}

IoStatus Stream::tls_status(int result) const {
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return IoStatus::wants_read;
        case SSL_ERROR_WANT_WRITE:
            return IoStatus::wants_write;
        case SSL_ERROR_ZERO_RETURN:
            return IoStatus::closed;
        // An end without close_notify is among these: it is never the proper end of anything.
        default:
            return IoStatus::failed;
    }
}

IoResult Stream::read_some(char* data, std::size_t size) {
    if (ssl_) {
        ERR_clear_error();
        std::size_t got = 0;
        const int result = SSL_read_ex(ssl_.get(), data, size, &got);
        if (result == 1) return {IoStatus::ok, got, true};
        return {tls_status(result), 0, false};
    }
    if (std::exchange(was_emptied_, false)) return {IoStatus::wants_read, 0, false};
    const ssize_t got = ::recv(socket_.native_handle(), data, size, 0);
    if (got > 0) {
        const auto bytes = static_cast<std::size_t>(got);
        was_emptied_ = bytes < size;
        return {IoStatus::ok, bytes, bytes == size};
    }
    if (got == 0) return {IoStatus::closed, 0, false};
    return {would_block() ? IoStatus::wants_read : IoStatus::failed, 0, false};
}

IoResult Stream::write_some(std::string_view data) {
    return write_some(data, {});
}

IoResult Stream::write_some(std::string_view first, std::string_view second) {
    if (ssl_) return write_tls(first, second);
    // The type lacks the const; sendmsg does not write through it.
    iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                      {const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = second.empty() ? 1 : 2;
    const ssize_t put = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
    if (put >= 0) return {IoStatus::ok, static_cast<std::size_t>(put), false};
    return {would_block() ? IoStatus::wants_write : IoStatus::failed, 0, false};
}

IoResult Stream::write_tls(std::string_view first, std::string_view second) {
    // One record and one system call for both, where they fit into one.
    std::array<char, SSL3_RT_MAX_PLAIN_LENGTH> record;
    std::string_view data = first.empty() ? second : first;
    if (!first.empty() && !second.empty() && first.size() < record.size()) {
        const std::size_t rest = std::min(second.size(), record.size() - first.size());
        std::memcpy(record.data(), first.data(), first.size());
        std::memcpy(record.data() + first.size(), second.data(), rest);
        data = {record.data(), first.size() + rest};
    }
    if (data.empty()) return {IoStatus::ok, 0, false};
    ERR_clear_error();
    std::size_t put = 0;
    const int result = SSL_write_ex(ssl_.get(), data.data(), data.size(), &put);
    if (result == 1) return {IoStatus::ok, put, false};
    return {tls_status(result), 0, false};
}

bool Stream::is_quiet() {
    was_emptied_ = false;
    char byte = 0;
    const bool quiet = read_some(&byte, 1).status == IoStatus::wants_read;
    was_emptied_ = quiet && !ssl_;
    return quiet;
}

bool Stream::has_input() {
    if (ssl_ && SSL_pending(ssl_.get()) > 0) return true;
    char byte = 0;
    return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

Task<bool> Stream::wait(IoStatus status) {
    boost::system::error_code error;
    const auto what =
        status == IoStatus::wants_write ? TcpSocket::wait_write : TcpSocket::wait_read;
    co_await socket_.async_wait(what, asio::redirect_error(use_task, error));
    co_return !error;
}

Task<bool> Stream::wait_any() {
    auto group = asio::experimental::make_parallel_group(
        socket_.async_wait(TcpSocket::wait_read, asio::deferred),
        socket_.async_wait(TcpSocket::wait_write, asio::deferred));
    const auto [order, read_error, write_error] =
        co_await group.async_wait(asio::experimental::wait_for_one(), use_task);
    co_return order[0] == 0 ? !read_error : !write_error;
}

void Stream::cancel() {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void Stream::shutdown_send() {
    boost::system::error_code ignored;
    if (ssl_ && SSL_is_init_finished(ssl_.get())) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
    }
    socket_.shutdown(TcpSocket::shutdown_send, ignored);
}

void Stream::reset() {
    boost::system::error_code ignored;
    // No goodbye: it would say that all has been sent.
    drop_tls();
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

void Stream::close() {
    boost::system::error_code ignored;
    // Before the socket: its number may be another connection's the moment after.
    ssl_ = nullptr;
    socket_.close(ignored);
}

}  // namespace ccproxy::net
