// The listener.
#include "tests/support/upstream_sim/server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "tests/support/upstream_sim/session.hpp"

namespace upstream_sim {
namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr int kBacklog = 4096;  // thousands of streams may open at once
constexpr std::chrono::milliseconds kAcceptRetry{20};

}  // namespace

Server::Server(asio::io_context& io, Context& context, asio::ssl::context* tls)
    : io_(io), context_(context), tls_(tls), acceptor_(io) {
    const Options& options = context.options;
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(options.listen_address),
                                           options.listen_port);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen(kBacklog);
}

std::uint16_t Server::port() const {
    return acceptor_.local_endpoint().port();
}

void Server::start() {
    asio::co_spawn(io_, accept_loop(), asio::detached);
}

asio::awaitable<void> Server::accept_loop() {
    asio::steady_timer timer(io_);
    for (;;) {
        auto [error, socket] = co_await acceptor_.async_accept(kToken);
        if (error) {
            // Out of descriptors, or the client left before it was accepted.
            timer.expires_after(kAcceptRetry);
            co_await timer.async_wait(kToken);
            continue;
        }
        ++context_.stats.accepted;
        if (context_.stats.open >= context_.options.max_connections) {
            ++context_.stats.turned_away;
            continue;  // the socket closes as it goes
        }
        auto connection = std::make_shared<Connection>(std::move(socket), tls_);
        asio::co_spawn(io_, run_session(std::move(connection), context_), asio::detached);
    }
}

}  // namespace upstream_sim
