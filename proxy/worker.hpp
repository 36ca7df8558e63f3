// One thread of the proxy: its listener, its sessions, its upstream connections.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <random>
#include <string>

#include "common/clock.hpp"
#include "common/net/connection_counter.hpp"
#include "common/net/failed_keys.hpp"
#include "common/uuid.hpp"
#include "proxy/accounts/account_set.hpp"
#include "proxy/auth/token_registry.hpp"
#include "proxy/bus/publisher.hpp"
#include "proxy/client_connection.hpp"
#include "proxy/config.hpp"
#include "proxy/http/error_response.hpp"
#include "proxy/journal/journal.hpp"
#include "proxy/limits/token_limiter.hpp"
#include "proxy/metrics.hpp"
#include "proxy/net/deadline.hpp"
#include "proxy/net/endpoint.hpp"
#include "proxy/net/event_loop.hpp"
#include "proxy/net/timer.hpp"
#include "proxy/record_queue.hpp"
#include "proxy/tap/known_conversations.hpp"
#include "proxy/upstream/pool.hpp"

namespace ccproxy {

class WebDeletions;

/// What all workers share; outlives them.
struct Shared {
    const ProxyConfig& config;
    accounts::CurrentAccounts& accounts;
    auth::TokenRegistry& registry;
    limits::TokenLimiter& limiter;
    journal::Journal& journal;
    const bus::Publisher& publisher;
    Metrics& metrics;
    net::ConnectionCounter& per_address;
    net::FailedKeys& failed_keys;
    const Clock& clock;
    const net::TlsServer* tls = nullptr;  ///< For clients; absent: they speak plain HTTP.
    std::atomic<std::size_t> connections{0};
    std::atomic<std::size_t> buffered_bytes{0};
    std::atomic<std::size_t> conversation_bytes{0};
    std::atomic<bool> stopping{false};
};

/// A block that bytes pass through on their way from an upstream to a client. The room before and
/// behind the data takes the framing, so that one write sends both.
struct RelayBuffer {
    static constexpr std::size_t head_room = 32;
    static constexpr std::size_t data_bytes = 64 * 1024;
    static constexpr std::size_t tail_room = 32;
    std::array<char, head_room + data_bytes + tail_room> bytes;
    char* data() { return bytes.data() + head_room; }
};

/// All members but stop calls belong to the thread in run().
class Worker {
  public:
    /// Binds the listener; port 0 lets the system choose. Throws std::runtime_error that names the
    /// address.
    Worker(Shared& shared, std::uint16_t port);
    ~Worker();

    [[nodiscard]] std::uint16_t port() const { return port_; }

    /// Serves until stop() has been called and every session has ended, and what they left to be
    /// deleted at web accounts is.
    void run();

    /// Thread-safe. Takes no more connections, closes idle ones, lets requests end.
    void stop();
    /// Thread-safe. Ends every request that is still there.
    void cut();
    /// Thread-safe. New requests use these accounts.
    void use(accounts::AccountSetPtr accounts);

    Shared& shared;
    upstream::Pool& pool() { return pool_; }
    [[nodiscard]] const accounts::AccountSetPtr& accounts() const { return accounts_; }
    net::EventLoop& loop() { return loop_; }
    /// Another number each time.
    std::uint64_t next_turn() { return turn_++; }
    /// In [0, 1), to spread what would happen at the same time.
    double random() { return std::uniform_real_distribution<double>(0, 1)(random_); }
    UuidV7Generator& ids() { return ids_; }
    RelayBuffer& relay_buffer() { return *relay_buffer_; }
    /// For the head of a message that is sent at once: others write theirs here at the next
    /// suspension.
    std::string& head_text() { return head_text_; }
    RecordQueue& records() { return records_; }
    tap::KnownConversations& known_conversations() { return known_conversations_; }
    WebDeletions& web_deletions() { return *web_deletions_; }

  private:
    net::Task<void> accept_loop();
    net::Task<void> sweep_loop();
    bool accept_next();
    void serve(UniqueFd socket, const net::Endpoint& peer);
    net::ConnectionCounter::Admission admit(const net::Endpoint& peer);
    void refuse_connection(UniqueFd socket, http1::Refusal refusal);

    net::EventLoop loop_;
    net::Socket listener_;
    net::Timer sweep_timer_;
    std::uint16_t port_ = 0;
    accounts::AccountSetPtr accounts_;
    upstream::Pool pool_;
    std::uint64_t turn_ = 0;
    std::minstd_rand random_{std::random_device{}()};
    UuidV7Generator ids_;
    std::unique_ptr<RelayBuffer> relay_buffer_ = std::make_unique<RelayBuffer>();
    std::string head_text_;
    RecordQueue records_;
    tap::KnownConversations known_conversations_;
    std::unique_ptr<WebDeletions> web_deletions_;
    net::DeadlineList clients_;
    std::size_t sessions_ = 0;
    bool stopping_ = false;
};

}  // namespace ccproxy
