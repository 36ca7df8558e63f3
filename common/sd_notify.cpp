#include "common/sd_notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace ccproxy {
namespace {

/// The protocol of sd_notify(3): one datagram to the socket that $NOTIFY_SOCKET names, by its path
/// or, after an @, by its abstract name. By hand, since libsystemd and what it loads take a
/// megabyte.
void notify(std::string_view state) {
    const char* name = std::getenv("NOTIFY_SOCKET");
    if (name == nullptr) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::size_t size = std::strlen(name);
    if (size < 2 || size >= sizeof address.sun_path || (*name != '/' && *name != '@')) return;
    std::memcpy(address.sun_path, name, size);
    if (*name == '@') address.sun_path[0] = '\0';
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    const auto address_bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size);
    // Nobody to tell is no reason to stop.
    (void)::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&address), address_bytes);
    ::close(fd);
}

}  // namespace

void notify_ready() {
    notify("READY=1");
}

void notify_stopping() {
    notify("STOPPING=1");
}

}  // namespace ccproxy
