#include "proxy/net/endpoint.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace ccproxy::net {
namespace {

UniqueFd tcp_socket(const Endpoint& endpoint) {
    return UniqueFd(
        ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

void check(bool good, const char* what) {
    if (!good) throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

UniqueFd listen_at(const Endpoint& endpoint, int max_pending) {
    UniqueFd socket = tcp_socket(endpoint);
    check(socket.is_open(), "socket");
    const int on = 1;
    for (const int option : {SO_REUSEADDR, SO_REUSEPORT}) {
        check(::setsockopt(socket.get(), SOL_SOCKET, option, &on, sizeof on) == 0, "setsockopt");
    }
    const auto size = static_cast<socklen_t>(endpoint.size());
    check(::bind(socket.get(), endpoint.data(), size) == 0, "bind");
    check(::listen(socket.get(), max_pending) == 0, "listen");
    return socket;
}

std::uint16_t local_port(int socket) {
    Endpoint endpoint;
    auto size = static_cast<socklen_t>(endpoint.capacity());
    check(::getsockname(socket, endpoint.data(), &size) == 0, "getsockname");
    return endpoint.port();
}

Endpoint remote_endpoint(int socket) {
    Endpoint endpoint;
    auto size = static_cast<socklen_t>(endpoint.capacity());
    if (::getpeername(socket, endpoint.data(), &size) != 0) return {};
    endpoint.resize(size);
    return endpoint;
}

UniqueFd accept_from(int listener, Endpoint& peer) {
    auto size = static_cast<socklen_t>(peer.capacity());
    UniqueFd socket(::accept4(listener, peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.is_open()) peer.resize(size);
    return socket;
}

UniqueFd start_connecting(const Endpoint& endpoint, int& error) {
    UniqueFd socket = tcp_socket(endpoint);
    const auto size = static_cast<socklen_t>(endpoint.size());
    const bool done = socket.is_open() && ::connect(socket.get(), endpoint.data(), size) == 0;
    error = done ? 0 : errno;
    return socket;
}

}  // namespace ccproxy::net
