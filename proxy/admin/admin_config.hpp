// `admin` in the proxy's configuration.
#pragma once

#include <cstdint>
#include <string>

namespace ccproxy {

struct AdminConfig {
    std::string host = "127.0.0.1";  ///< An IP address.
    std::uint16_t port = 8091;       ///< 0 lets the system choose.
    std::string key;                 ///< Empty: none is asked for; then `host` is a loopback one.
    bool operator==(const AdminConfig&) const = default;
};

}  // namespace ccproxy
