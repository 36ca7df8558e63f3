#include "proxy/net/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "proxy/net/endpoint.hpp"

namespace ccproxy::net {
namespace {

/// Up to here it takes less to put two texts together than to tell the kernel of two.
constexpr std::size_t max_joined_bytes = 4096;

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

}  // namespace

void FreeSsl::operator()(SSL* ssl) const {
    if (SSL_is_init_finished(ssl) && SSL_get_fd(ssl) >= 0) {
        ERR_clear_error();
        SSL_shutdown(ssl);
    }
    SSL_free(ssl);
}

Stream::Stream(EventLoop& loop, UniqueFd socket) : socket_(loop, std::move(socket)) {
    const int on = 1;
    ::setsockopt(socket_.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Stream::~Stream() = default;

void Stream::start_tls(SslPtr ssl) {
    ssl_ = std::move(ssl);
    SSL_set_fd(ssl_.get(), socket_.fd());
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

IoStatus Stream::tls_status(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            socket_.emptied();
            return IoStatus::wants_read;
        case SSL_ERROR_WANT_WRITE:
            socket_.filled();
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
        if (result == 1) return {IoStatus::ok, got};
        return {tls_status(result), 0};
    }
    if (!socket_.ready().read) return {IoStatus::wants_read, 0};
    const ssize_t got = ::recv(socket_.fd(), data, size, 0);
    if (got > 0) {
        const auto bytes = static_cast<std::size_t>(got);
        if (bytes < size) socket_.emptied();
        return {IoStatus::ok, bytes};
    }
    if (got == 0) return {IoStatus::closed, 0};
    if (!would_block()) return {IoStatus::failed, 0};
    socket_.emptied();
    return {IoStatus::wants_read, 0};
}

IoResult Stream::write_some(std::string_view data) {
    if (ssl_) return write_tls(data, {});
    return written(::send(socket_.fd(), data.data(), data.size(), MSG_NOSIGNAL));
}

IoResult Stream::write_some(std::string_view first, std::string_view second) {
    if (ssl_) return write_tls(first, second);
    if (first.empty() || second.empty()) return write_some(first.empty() ? second : first);
    if (first.size() + second.size() <= max_joined_bytes) {
        std::array<char, max_joined_bytes> joined;
        std::memcpy(joined.data(), first.data(), first.size());
        std::memcpy(joined.data() + first.size(), second.data(), second.size());
        return write_some({joined.data(), first.size() + second.size()});
    }
    // The type lacks the const; sendmsg does not write through it.
    iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                      {const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    return written(::sendmsg(socket_.fd(), &message, MSG_NOSIGNAL));
}

IoResult Stream::written(ssize_t put) {
    if (put >= 0) return {IoStatus::ok, static_cast<std::size_t>(put)};
    if (!would_block()) return {IoStatus::failed, 0};
    socket_.filled();
    return {IoStatus::wants_write, 0};
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
    if (data.empty()) return {IoStatus::ok, 0};
    ERR_clear_error();
    std::size_t put = 0;
    const int result = SSL_write_ex(ssl_.get(), data.data(), data.size(), &put);
    if (result == 1) return {IoStatus::ok, put};
    return {tls_status(result), 0};
}

bool Stream::is_quiet() {
    char byte = 0;
    return read_some(&byte, 1).status == IoStatus::wants_read;
}

bool Stream::has_input() {
    if (ssl_ && SSL_pending(ssl_.get()) > 0) return true;
    char byte = 0;
    return ::recv(socket_.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

Address Stream::peer() const {
    return Address(remote_endpoint(socket_.fd()).address());
}

int Stream::connect_error() const {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error;
}

void Stream::shutdown_send() {
    if (ssl_ && SSL_is_init_finished(ssl_.get())) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
    }
    ::shutdown(socket_.fd(), SHUT_WR);
}

void Stream::reset() {
    // No goodbye: it would say that all has been sent.
    drop_tls();
    const linger at_once{1, 0};
    ::setsockopt(socket_.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket_.close();
}

void Stream::close() {
    // Before the socket: its number may be another connection's the moment after.
    ssl_ = nullptr;
    socket_.close();
}

}  // namespace ccproxy::net
