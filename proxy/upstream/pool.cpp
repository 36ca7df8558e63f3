#include "proxy/upstream/pool.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace ccproxy::upstream {
namespace {

/// Below the 60 s and more that load balancers usually keep an idle connection for.
constexpr net::milliseconds idle_limit{45'000};
/// Of one worker. Making a connection costs as much as a small request.
constexpr std::size_t max_idle_per_account = 1024;

}  // namespace

Pool::Pool(net::EventLoop& loop, const accounts::AccountSet& accounts)
    : loop_(loop), resolver_(loop) {
    use(accounts);
}

void Pool::use(const accounts::AccountSet& accounts) {
    const auto is_gone = [&accounts](const auto& entry) {
        const auto& list = accounts.accounts();
        return std::none_of(list.begin(), list.end(), [&entry](const accounts::Account& account) {
            return account.connections == entry.first;
        });
    };
    std::erase_if(per_account_, is_gone);
    for (const accounts::Account& account : accounts.accounts()) {
        per_account_.try_emplace(account.connections);
        resolver_.prefetch(account.url.host, account.url.port);
    }
}

ConnectionPtr Pool::take_idle(const accounts::Account& account) {
    const auto found = per_account_.find(account.connections);
    if (found == per_account_.end()) return nullptr;
    auto& idle = found->second.idle;
    while (!idle.empty()) {
        ConnectionPtr connection = std::move(idle.back());
        idle.pop_back();
        // Otherwise the upstream has closed it, or says what was not asked.
        if (!connection->stream.is_quiet()) continue;
        connection->reused = true;
        return connection;
    }
    return nullptr;
}

net::Task<std::string> Pool::connect(const accounts::Account& account, ConnectionPtr& slot) {
    // A request that began before its account was taken out of the configuration may still connect.
    const auto found = per_account_.find(account.connections);
    const std::shared_ptr<net::TlsSessionSlot> session =
        found == per_account_.end() ? std::make_shared<net::TlsSessionSlot>()
                                    : found->second.session;
    const net::Endpoints endpoints = co_await resolver_.resolve(account.url.host, account.url.port);
    std::string failure = "the host name " + account.url.host + " could not be resolved";
    for (const net::Endpoint& endpoint : endpoints) {
        int error = 0;
        UniqueFd socket = net::start_connecting(endpoint, error);
        slot = std::make_unique<Connection>(loop_, std::move(socket), session);
        if (error == EINPROGRESS) {
            const bool waited = co_await slot->stream.wait(net::IoStatus::wants_write);
            error = waited ? slot->stream.connect_error() : ECANCELED;
        }
        if (error == 0) {
            failure.clear();
            break;
        }
        failure = "connecting failed: " + std::system_category().message(error);
        if (error == ECANCELED) break;
    }
    if (!failure.empty() || !account.tls) co_return failure;

    net::SslPtr ssl = account.tls->make(account.url.host, *session);
    const SSL* handshake = ssl.get();
    slot->stream.start_tls(std::move(ssl));
    for (;;) {
        const net::IoStatus status = slot->stream.handshake_step();
        if (status == net::IoStatus::ok) co_return "";
        if (status == net::IoStatus::closed || status == net::IoStatus::failed) {
            co_return "the TLS handshake failed: " + net::tls_failure(handshake);
        }
        const bool waited = co_await slot->stream.wait(status);
        if (!waited) co_return "the TLS handshake was given up";
    }
}

void Pool::put_back(const accounts::Account& account, ConnectionPtr connection) {
    const auto found = per_account_.find(account.connections);
    if (found == per_account_.end()) return;
    auto& idle = found->second.idle;
    if (idle.size() >= max_idle_per_account) return;
    connection->idle_since = loop_.turn_began();
    idle.push_back(std::move(connection));
}

void Pool::close_stale(net::SteadyClock::time_point now) {
    for (auto& [connections, account] : per_account_) {
        auto& idle = account.idle;
        std::size_t stale = 0;
        while (stale < idle.size() && now - idle[stale]->idle_since > idle_limit) ++stale;
        idle.erase(idle.begin(), idle.begin() + static_cast<std::ptrdiff_t>(stale));
    }
}

}  // namespace ccproxy::upstream
