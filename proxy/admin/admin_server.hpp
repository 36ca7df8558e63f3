// The proxy's own API for its operators, on a listener apart from the clients'.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/http/key_guard.hpp"
#include "common/http/server.hpp"
#include "proto/account_report.hpp"
#include "proxy/admin/admin_config.hpp"

namespace ccproxy {

/// `GET /admin/accounts`. It has two threads of its own, one for its connections and one that
/// answers, so that no worker waits for it.
class AdminServer {
  public:
    using AccountsReport = std::function<std::vector<AccountReport>()>;

    /// Binds and serves. An address that tries more than `max_failed_keys_per_minute` wrong keys is
    /// refused for a while (0: never); `trusted_proxies` say whose address that is. `accounts` is
    /// called from the server's thread. Throws std::runtime_error that names the address.
    AdminServer(const AdminConfig& config, std::size_t max_failed_keys_per_minute,
                const net::AddressSet& trusted_proxies, AccountsReport accounts);

    [[nodiscard]] std::uint16_t port() const { return server_.port(); }
    void stop() { server_.stop(); }

  private:
    http::KeyGuard guard_;
    http::Server server_;  // Last: its threads use what stands above.
};

}  // namespace ccproxy
