// The proxy as a whole: its parts put together, started, and stopped in order.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "proxy/admin/admin_server.hpp"
#include "proxy/worker.hpp"

namespace ccproxy {

/// Start and stop from one thread.
class Server {
  public:
    /// Opens the journal, binds the listeners, starts the publisher and the workers. Throws
    /// std::runtime_error with one clear sentence when something cannot be had.
    explicit Server(ProxyConfig config);
    /// Stops at once, as stop() with no grace left.
    ~Server();

    [[nodiscard]] std::uint16_t port() const;
    /// Of the admin listener; 0 when there is none.
    [[nodiscard]] std::uint16_t admin_port() const;

    /// Takes over the accounts, the failover rules and the certificate of `config` without dropping
    /// a request; what it says beside them waits for a restart. Throws std::runtime_error when they
    /// cannot be used, and goes on with the old ones.
    void reload(const ProxyConfig& config);

    /// Takes no more connections, lets requests end within shutdown_grace, then cuts and records
    /// them; sends what the journal holds while analyticsd takes it. Returns when all is done.
    /// `hurry` may be set meanwhile to end the grace.
    void stop(const std::atomic<bool>& hurry);

  private:
    void run_worker(Worker& worker);
    [[nodiscard]] std::vector<AccountReport> report() const;

    ProxyConfig config_;
    std::optional<net::TlsServer> tls_;
    SystemClock clock_;
    accounts::CurrentAccounts accounts_;
    auth::TokenRegistry registry_;
    limits::TokenLimiter limiter_;
    journal::Journal journal_;
    Metrics metrics_;
    net::ConnectionCounter per_address_;
    net::FailedKeys failed_keys_;
    bus::Publisher publisher_;
    Shared shared_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::unique_ptr<AdminServer> admin_;
    std::vector<std::thread> threads_;
    std::atomic<std::size_t> running_{0};
    bool stopped_ = false;
};

}  // namespace ccproxy
