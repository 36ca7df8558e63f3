#include "common/bus_address.hpp"

#include <sys/un.h>

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <string_view>

namespace ccproxy {
namespace {

constexpr std::string_view ipc = "ipc://";
constexpr std::string_view tcp = "tcp://";

bool is_port(std::string_view text) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

Result<void> check_tcp(std::string_view rest) {
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string_view::npos || !is_port(rest.substr(colon + 1))) {
        return Error{"must end with a port, such as tcp://127.0.0.1:5555"};
    }
    std::string host(rest.substr(0, colon));
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(host, error);
    if (error) return Error{"must name an IP address, such as tcp://127.0.0.1:5555"};
    if (!address.is_loopback()) {
        return Error{
            "is not a loopback address: events and key hashes would cross the network unencrypted"};
    }
    return {};
}

}  // namespace

std::string ipc_path(const std::string& address) {
    return address.starts_with(ipc) ? address.substr(ipc.size()) : "";
}

Result<void> check_bus_address(const std::string& address) {
    if (address.starts_with(tcp)) return check_tcp(std::string_view(address).substr(tcp.size()));
    const std::string path = ipc_path(address);
    if (path.empty() || path.front() != '/') {
        return Error{"must be ipc:// with an absolute path, or tcp:// with a loopback address"};
    }
    constexpr std::size_t max_path_bytes = sizeof(sockaddr_un::sun_path) - 1;
    if (path.size() > max_path_bytes) {
        return Error{"has a path longer than " + std::to_string(max_path_bytes) + " bytes"};
    }
    return {};
}

}  // namespace ccproxy
