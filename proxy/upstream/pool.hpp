// Connections to upstreams: made, kept alive between requests, and given up when they have gone
// stale.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/accounts/account_set.hpp"
#include "proxy/net/resolver.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/net/tls.hpp"

namespace ccproxy::upstream {

struct Connection {
    Connection(net::EventLoop& loop, UniqueFd socket, std::shared_ptr<net::TlsSessionSlot> session)
        : tls_session(std::move(session)), stream(loop, std::move(socket)) {}
    std::shared_ptr<net::TlsSessionSlot> tls_session;  ///< Outlives the stream, which writes it.
    net::Stream stream;
    bool reused = false;
    net::SteadyClock::time_point idle_since;
};
using ConnectionPtr = std::unique_ptr<Connection>;

/// One worker's connections to all accounts; for one thread.
class Pool {
  public:
    Pool(net::EventLoop& loop, const accounts::AccountSet& accounts);

    /// Other accounts are configured now: idle connections of those that are gone are closed.
    void use(const accounts::AccountSet& accounts);

    /// An idle connection that the upstream has not closed, the most recently used first; nullptr
    /// when there is none.
    ConnectionPtr take_idle(const accounts::Account& account);

    /// Attempt to connect. `slot` holds the connection from the first moment, so that whoever
    /// cancels its stream ends the attempt. The text says why it failed; empty on success.
    net::Task<std::string> connect(const accounts::Account& account, ConnectionPtr& slot);

    /// Takes back a connection on which nothing is outstanding; closes it when its account is gone.
    void put_back(const accounts::Account& account, ConnectionPtr connection);

    /// Closes connections that have been idle for longer than an upstream can be trusted to keep
    /// them.
    void close_stale(net::SteadyClock::time_point now);

  private:
    struct PerAccount {
        std::vector<ConnectionPtr> idle;  ///< Oldest first.
        std::shared_ptr<net::TlsSessionSlot> session = std::make_shared<net::TlsSessionSlot>();
    };

    net::EventLoop& loop_;
    net::Resolver resolver_;
    std::unordered_map<std::uint64_t, PerAccount> per_account_;  ///< By Account::connections.
};

}  // namespace ccproxy::upstream
