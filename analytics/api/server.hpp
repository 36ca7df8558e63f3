// The HTTP API of analyticsd on a port of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "analytics/config.hpp"
#include "analytics/services.hpp"
#include "common/net/tls_server.hpp"

namespace ccproxy::analytics {

struct ApiConfig {
    std::string listen_host = "127.0.0.1";  ///< An IP address.
    std::uint16_t port = 0;                 ///< 0 takes a free one.
    int threads = 2;                        ///< That answer calls, each with a reader of its own.
    std::shared_ptr<const net::TlsServer> tls = nullptr;  ///< Without it the API is plain HTTP.
    LimitConfig limits;
    net::AddressSet trusted_proxies;
    std::string admin_key;  ///< Must not be empty.
    /// Told of each call before it is answered, on one of the threads; may be empty.
    std::function<void()> on_call;
};

/// Used by one thread.
class ApiServer {
  public:
    /// Copies `services`; what its functions refer to outlives the server.
    ApiServer(const ApiConfig& config, const Services& services);
    /// Stops.
    ~ApiServer();
    ApiServer(const ApiServer&) = delete;
    ApiServer& operator=(const ApiServer&) = delete;

    /// Opens the readers and binds. Throws std::runtime_error that says what failed.
    void start();
    /// The port that is listened on, after start().
    [[nodiscard]] std::uint16_t port() const;
    /// Lets running calls end; takes seconds at most, unless the database takes longer. May be
    /// called twice.
    void stop();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ccproxy::analytics
