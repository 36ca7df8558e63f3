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

/// RFC 1123, section 2.1, and underscores, which inner names of containers have.
bool is_host_name(std::string_view text) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    // The last label of a name is not all digits; of a mistyped IP address it is.
    const std::string_view last = text.substr(text.rfind('.') + 1);
    return !text.empty() && text.size() <= 253 && text.front() != '.' && text.front() != '-' &&
           text.find_first_not_of(allowed) == std::string_view::npos &&
           last.find_first_not_of("0123456789") != std::string_view::npos;
}

Result<void> check_tcp(std::string_view rest, BusReach reach) {
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
    if (error && reach == BusReach::network_by_name && is_host_name(host)) return {};
    if (error) return Error{"must name an IP address, such as tcp://127.0.0.1:5555"};
    if (!address.is_loopback() && reach == BusReach::loopback) {
        return Error{
            "is not a loopback address: without bus.curve, events and key hashes would cross the "
            "network unencrypted"};
    }
    return {};
}

}  // namespace

std::string ipc_path(const std::string& address) {
    return address.starts_with(ipc) ? address.substr(ipc.size()) : "";
}

Result<void> check_bus_address(const std::string& address, BusReach reach) {
    if (address.starts_with(tcp)) {
        return check_tcp(std::string_view(address).substr(tcp.size()), reach);
    }
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
