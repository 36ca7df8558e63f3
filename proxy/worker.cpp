#include "proxy/worker.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "proxy/session.hpp"
#include "proxy/web_deletions.hpp"

namespace ccproxy {
namespace {

/// Connections that the kernel holds for a listener until they are taken.
constexpr int max_pending = 4096;

UniqueFd bind(const ListenConfig& listen, std::uint16_t port) {
    const std::string where = "listen: " + net::endpoint_text(listen.host, port) + ": ";
    try {
        return net::listen_at({boost::asio::ip::make_address(listen.host), port}, max_pending);
    } catch (const std::system_error& error) {
        throw std::runtime_error(where + error.code().message());
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error(where + error.code().message());
    }
}

}  // namespace

Worker::Worker(Shared& shared_state, std::uint16_t port)
    : shared(shared_state),
      listener_(loop_, bind(shared_state.config.listen, port)),
      sweep_timer_(loop_),
      port_(net::local_port(listener_.fd())),
      accounts_(shared_state.accounts.get()),
      pool_(loop_, *accounts_),
      records_(loop_, shared_state.journal, shared_state.limiter, shared_state.clock),
      web_deletions_(std::make_unique<WebDeletions>(*this)) {}

Worker::~Worker() = default;

void Worker::run() {
    const auto end = [](const std::exception_ptr& failure) {
        if (failure) std::terminate();
    };
    net::spawn(accept_loop(), end);
    net::spawn(sweep_loop(), end);
    loop_.run();
}

net::Task<void> Worker::accept_loop() {
    while (listener_.is_open()) {
        if (accept_next()) continue;
        const int error = errno;
        if (error == ECONNABORTED || error == EINTR) continue;
        if (error == EAGAIN || error == EWOULDBLOCK) {
            listener_.emptied();
            co_await listener_.wait({true, false});
            continue;
        }
        // Out of descriptors or memory: what is there goes on, and new connections wait in the
        // kernel.
        spdlog::error("accept: {}", std::system_category().message(error));
        net::Timer pause(loop_);
        co_await pause.wait(net::milliseconds(100));
    }
}

/// False when there is none; errno says why.
bool Worker::accept_next() {
    net::Endpoint peer;
    UniqueFd socket = net::accept_from(listener_.fd(), peer);
    if (!socket.is_open()) return false;
    serve(std::move(socket), peer);
    return true;
}

net::ConnectionCounter::Admission Worker::admit(const net::Endpoint& peer) {
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

void Worker::refuse_connection(UniqueFd socket, http1::Refusal refusal) {
    // A handshake would cost more than it serves: under TLS they are closed without a word.
    if (shared.tls != nullptr) return;
    refusal.close = true;
    refusal.retry_after_seconds = 1;
    const std::string id = ids_.next(shared.clock.unix_ms());
    const std::string answer = http1::error_response(refusal, id, false, false);
    net::Stream stream(loop_, std::move(socket));
    stream.write_some(answer);
    stream.shutdown_send();
}

void Worker::serve(UniqueFd socket, const net::Endpoint& peer) {
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
    auto client = std::make_shared<ClientConnection>(loop_, std::move(socket));
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
    net::spawn(run_session(*this, client), std::move(on_end));
}

net::Task<void> Worker::sweep_loop() {
    while (!stopping_ || sessions_ > 0 || !web_deletions_->idle()) {
        co_await sweep_timer_.wait(net::sweep_interval);
        const auto now = net::SteadyClock::now();
        for (net::Deadlined& client : clients_) client.check_deadline(now);
        web_deletions_->check_deadlines(now);
        pool_.close_stale(now);
    }
    loop_.stop();
}

void Worker::stop() {
    loop_.post([this] {
        stopping_ = true;
        // Closing a listener resets what waits for it. Its clients were let in already and may have
        // sent their requests.
        for (int i = 0; i <= max_pending && accept_next(); ++i) continue;
        listener_.close();
        for (net::Deadlined& entry : clients_) {
            auto& client = static_cast<ClientConnection&>(entry);
            if (client.idle && !client.stream().has_input()) client.interrupt(Interrupt::shutdown);
        }
    });
}

void Worker::use(accounts::AccountSetPtr accounts) {
    loop_.post([this, accounts = std::move(accounts)] {
        accounts_ = accounts;
        pool_.use(*accounts_);
    });
}

void Worker::cut() {
    loop_.post([this] {
        for (net::Deadlined& entry : clients_) {
            static_cast<ClientConnection&>(entry).interrupt(Interrupt::shutdown);
        }
        web_deletions_->cut();
    });
}

}  // namespace ccproxy
