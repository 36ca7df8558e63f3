#include "common/sd_notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace ccproxy {
namespace {

/// A socket as systemd has it, under an abstract name or a path.
class NotifySocket {
  public:
    explicit NotifySocket(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, name.data(), name.size());
        if (name[0] == '@') address.sun_path[0] = '\0';
        const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        bound_ = ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), bytes) == 0;
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    }
    ~NotifySocket() {
        ::unsetenv("NOTIFY_SOCKET");
        ::close(fd_);
    }

    [[nodiscard]] bool is_bound() const { return bound_; }
    std::string receive() {
        char bytes[64];
        const ssize_t got = ::recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
        return {bytes, got < 0 ? 0 : static_cast<std::size_t>(got)};
    }

  private:
    int fd_;
    bool bound_ = false;
};

}  // namespace

TEST_CASE("systemd is told, at a path and at an abstract name") {
    const std::string id = std::to_string(::getpid());
    const std::string path = "/tmp/ccproxy-notify-" + id;
    for (const std::string& name : {path, "@ccproxy-notify-" + id}) {
        CAPTURE(name);
        NotifySocket systemd(name);
        REQUIRE(systemd.is_bound());
        notify_ready();
        CHECK(systemd.receive() == "READY=1");
        notify_stopping();
        CHECK(systemd.receive() == "STOPPING=1");
    }
    ::unlink(path.c_str());
}

TEST_CASE("without systemd nothing is told, and nothing fails") {
    ::unsetenv("NOTIFY_SOCKET");
    CHECK_NOTHROW(notify_ready());
    for (const std::string& name :
         {std::string("relative"), std::string("@"), std::string(200, '/')}) {
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
        CHECK_NOTHROW(notify_ready());
    }
    ::unsetenv("NOTIFY_SOCKET");
}

}  // namespace ccproxy
