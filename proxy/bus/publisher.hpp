// Carries events from the journal to analyticsd, and the token registry back.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "proto/account_report.hpp"
#include "proxy/auth/token_registry.hpp"
#include "proxy/bus/curve.hpp"
#include "proxy/journal/journal.hpp"
#include "proxy/limits/token_limiter.hpp"

namespace ccproxy::bus {

struct PublisherOptions {
    std::string events_address;   ///< analyticsd's PULL socket.
    std::string control_address;  ///< analyticsd's ROUTER socket.
    std::optional<Curve> curve;   ///< Encrypts both, and shows who this is.
    std::chrono::milliseconds sync_interval{200};
    /// At most this much is sent and not acknowledged.
    std::uint64_t window_events = 20'000;
    std::int64_t window_bytes = 16 << 20;
    /// How long stop() goes on sending what analyticsd does not have yet.
    std::chrono::milliseconds drain_timeout{5000};
};

/// What can be told of the bus at any moment, from any thread.
struct PublisherStatus {
    bool connected = false;
    std::uint64_t acked_seq = 0;
    std::uint64_t sent = 0;
    std::uint64_t resumes = 0;
    std::uint64_t unreadable = 0;  ///< Events the disk has damaged in the journal.
};

/// One thread that owns the ZeroMQ sockets and the journal's syncing. EVENT_FORMAT.md, "The
/// conversation on the bus", tells the protocol.
class Publisher {
  public:
    /// Starts the thread. Throws when an address is malformed. All references must outlive the
    /// object.
    /// `accounts` is asked every few seconds what analyticsd shall know of the accounts.
    using AccountsReport = std::function<std::vector<AccountReport>()>;
    Publisher(const PublisherOptions& options, journal::Journal& journal,
              auth::TokenRegistry& registry, limits::TokenLimiter& limiter,
              AccountsReport accounts = {});
    /// Stops as stop() does.
    ~Publisher();

    /// Sends what is left while analyticsd takes it, within drain_timeout, syncs the journal, ends
    /// the thread.
    void stop();

    [[nodiscard]] PublisherStatus status() const;
    /// Changes whenever a conversation that was sent may not be there any more. Thread-safe.
    [[nodiscard]] std::uint64_t lost_beginnings() const;

  private:
    class Loop;
    struct Shared;

    std::unique_ptr<Shared> shared_;
    std::unique_ptr<Loop> loop_;
    std::thread thread_;
};

}  // namespace ccproxy::bus
