#include "proxy/worker.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <vector>

#include "proxy/session.hpp"
#include "proxy/web_deletions.hpp"

namespace ccproxy {
namespace {

using net::asio::ip::tcp;

/// Connections that the kernel holds for a listener until they are taken.
constexpr int max_pending = 4096;

net::TcpAcceptor bind(net::asio::io_context& io, const ListenConfig& listen, std::uint16_t port) {
    const std::string where = "listen: " + net::endpoint_text(listen.host, port) + ": ";
    net::TcpAcceptor acceptor(io.get_executor());
    try {
        const tcp::endpoint endpoint(net::asio::ip::make_address(listen.host), port);
        acceptor.open(endpoint.protocol());
        acceptor.set_option(net::asio::socket_base::reuse_address(true));
        // Workers share the address; the kernel spreads connections over their listeners.
        const int on = 1;
        if (::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
            throw std::runtime_error(where + "SO_REUSEPORT is not available");
        }
        acceptor.bind(endpoint);
        acceptor.listen(max_pending);
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error(where + error.code().message());
    }
    return acceptor;
}

}  // namespace

Worker::Worker(Shared& shared_state, std::uint16_t port)
    : shared(shared_state),
      acceptor_(bind(io_, shared_state.config.listen, port)),
      sweep_timer_(io_.get_executor()),
      port_(acceptor_.local_endpoint().port()),
      accounts_(shared_state.accounts.get()),
      pool_(io_, *accounts_),
      web_deletions_(std::make_unique<WebDeletions>(*this)) {
    net::asio::co_spawn(io_.get_executor(), accept_loop(), net::asio::detached);
    net::asio::co_spawn(io_.get_executor(), sweep_loop(), net::asio::detached);
}

Worker::~Worker() = default;

void Worker::run() {
    io_.run();
}

net::Task<void> Worker::accept_loop() {
    while (acceptor_.is_open()) {
        boost::system::error_code error;
        net::TcpSocket socket(io_.get_executor());
        Endpoint peer;
        co_await acceptor_.async_accept(socket, peer,
                                        net::asio::redirect_error(net::use_task, error));
        if (!error) {
            serve(std::move(socket), peer);
            continue;
        }
        if (!acceptor_.is_open()) co_return;
        // Out of descriptors or memory: what is there goes on, and new connections wait in the
        // kernel.
        if (error != net::asio::error::connection_aborted) {
            spdlog::error("accept: {}", error.message());
            net::Timer pause(io_.get_executor(), net::milliseconds(100));
            co_await pause.async_wait(net::asio::redirect_error(net::use_task, error));
        }
    }
}

net::ConnectionCounter::Admission Worker::admit(const Endpoint& peer) {
    if (!shared.per_address.counts()) return {net::ConnectionCounter::Place()};
    const net::Address address(peer.address());
    if (shared.config.trusted_proxies.contains(address)) return {net::ConnectionCounter::Place()};
    auto admission = shared.per_address.enter(address);
    if (admission.first_refused) {
        spdlog::warn("{} has {} connections, as many as it may", address.text(),
                     shared.config.limits.max_connections_per_address);
    }
    return admission;
}

void Worker::refuse_connection(net::TcpSocket socket, http1::Refusal refusal) {
    // A handshake would cost more than it serves: under TLS they are closed without a word.
    if (shared.tls != nullptr) return;
    refusal.close = true;
    refusal.retry_after_seconds = 1;
    const std::string id = ids_.next(shared.clock.unix_ms());
    const std::string answer = http1::error_response(refusal, id, false, false);
    net::Stream stream(std::move(socket));
    stream.write_some(answer);
    stream.shutdown_send();
}

void Worker::serve(net::TcpSocket socket, const Endpoint& peer) {
    if (shared.connections.load() >= shared.config.limits.max_connections) {
        shared.metrics.refused_connections().Increment();
        return refuse_connection(std::move(socket),
                                 {503, "this proxy serves as many connections as it may"});
    }
    auto admission = admit(peer);
    if (!admission.place) {
        shared.metrics.refused_connections_of_address().Increment();
        return refuse_connection(std::move(socket),
                                 {429, "this address has as many connections as it may"});
    }
    ++shared.connections;
    shared.metrics.connections().Increment();
    ++sessions_;
    auto client = std::make_shared<ClientConnection>(std::move(socket));
    clients_.push_back(*client);
    auto on_end = [this, client, place = std::move(*admission.place)](std::exception_ptr failure) {
        client->stream().close();
        if (failure) {
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& error) {
                spdlog::error("a session ended by an error of this program: {}", error.what());
            }
        }
        --shared.connections;
        shared.metrics.connections().Decrement();
        --sessions_;
        if (stopping_ && sessions_ == 0) sweep_timer_.cancel();
    };
    net::asio::co_spawn(io_.get_executor(), run_session(*this, client), std::move(on_end));
}

net::Task<void> Worker::sweep_loop() {
    while (!stopping_ || sessions_ > 0 || !web_deletions_->idle()) {
        boost::system::error_code ignored;
        sweep_timer_.expires_after(net::sweep_interval);
        co_await sweep_timer_.async_wait(net::asio::redirect_error(net::use_task, ignored));
        const auto now = net::SteadyClock::now();
        for (net::Deadlined& client : clients_) client.check_deadline(now);
        pool_.close_stale(now);
    }
    // Look-ups that are under way must not keep the thread.
    io_.stop();
}

void Worker::stop() {
    net::asio::post(io_.get_executor(), [this] {
        stopping_ = true;
        accept_pending();
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        for (net::Deadlined& entry : clients_) {
            auto& client = static_cast<ClientConnection&>(entry);
            if (client.idle && !client.stream().has_input()) client.interrupt(Interrupt::shutdown);
        }
    });
}

// Closing a listener resets what waits for it. Its clients were let in already and may have sent
// their requests.
void Worker::accept_pending() {
    boost::system::error_code error;
    acceptor_.non_blocking(true, error);
    for (int i = 0; i <= max_pending && !error; ++i) {
        net::TcpSocket socket(io_.get_executor());
        Endpoint peer;
        acceptor_.accept(socket, peer, error);
        if (!error) serve(std::move(socket), peer);
    }
}

void Worker::use(accounts::AccountSetPtr accounts) {
    net::asio::post(io_.get_executor(), [this, accounts = std::move(accounts)] {
        accounts_ = accounts;
        pool_.use(*accounts_);
    });
}

void Worker::cut() {
    net::asio::post(io_.get_executor(), [this] {
        for (net::Deadlined& entry : clients_) {
            static_cast<ClientConnection&>(entry).interrupt(Interrupt::shutdown);
        }
        web_deletions_->cut();
    });
}

}  // namespace ccproxy
