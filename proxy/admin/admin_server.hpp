// The proxy's own API for its operators, on a listener apart from the clients'.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/http/server.hpp"
#include "proto/account_report.hpp"
#include "proxy/admin/admin_config.hpp"

namespace ccproxy {

/// `GET /admin/accounts`. It has two threads of its own, one for its connections and one that
/// answers, so that no worker waits for it.
class AdminServer {
  public:
    using AccountsReport = std::function<std::vector<AccountReport>()>;

    /// Binds and serves. `accounts` is called from the server's thread. Throws std::runtime_error
    /// that names the address.
    AdminServer(const AdminConfig& config, AccountsReport accounts);

    [[nodiscard]] std::uint16_t port() const { return server_.port(); }
    void stop() { server_.stop(); }

  private:
    http::Server server_;
};

}  // namespace ccproxy
