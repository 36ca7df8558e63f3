#include "common/http/server.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <stdexcept>
#include <thread>
#include <unordered_set>

#include "common/http/session.hpp"
#include "common/http/worker_pool.hpp"
#include "common/net/connection_counter.hpp"
#include "common/thread.hpp"

namespace ccproxy::http {

namespace asio = boost::asio;
using asio::ip::tcp;

class Server::Impl {
  public:
    Impl(ServerOptions options, HandlerFactory factory)
        : options_(std::move(options)), factory_(std::move(factory)) {}
    ~Impl() { stop(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void start();
    void stop();
    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    void listen();
    void run();
    asio::awaitable<void> accept_all();
    void serve(tcp::socket socket);
    net::ConnectionCounter::Admission admit(const tcp::socket& socket);
    void refuse(tcp::socket socket, const std::string& answer);
    void begin_stop();
    void end_if_stopped();

    // Constant after start().
    const ServerOptions options_;
    const HandlerFactory factory_;
    std::uint16_t port_ = 0;
    std::unique_ptr<WorkerPool> pool_;

    // Used by the I/O thread alone, once it runs. Sessions go before the contexts that they live
    // in.
    std::optional<SessionContext> context_;
    net::ConnectionCounter per_address_{options_.max_connections_per_address};
    asio::io_context io_{1};
    tcp::acceptor acceptor_{io_};
    asio::steady_timer retry_timer_{io_};
    asio::steady_timer stop_timer_{io_};
    std::unordered_set<std::shared_ptr<Session>> sessions_;
    bool stopping_ = false;
    std::string too_many_;             ///< What a client hears when there are too many connections,
    std::string too_many_of_address_;  ///< or too many of its own.

    std::thread thread_;
};

void Server::Impl::start() {
    listen();
    const auto refusal = [this](int status, std::string_view why) {
        Response response = error_response(status, why);
        response.headers.push_back({"retry-after", "1"});
        return response_head(response, options_.extra_headers, Persistence::close) + response.body;
    };
    too_many_ = refusal(503, "too many connections");
    too_many_of_address_ = refusal(429, "too many connections from this address");

    std::vector<Handler> handlers;
    for (int i = 0; i < options_.threads; ++i) handlers.push_back(factory_());
    pool_ = std::make_unique<WorkerPool>(std::move(handlers), options_.max_queued);
    context_.emplace(SessionContext{options_, *pool_});
    asio::co_spawn(io_, accept_all(), [](const std::exception_ptr&) {});
    thread_ = std::thread([this] { run(); });
}

void Server::Impl::listen() {
    const std::string where = net::endpoint_text(options_.listen_host, options_.port);
    boost::system::error_code error;
    const auto address = asio::ip::make_address(options_.listen_host, error);
    if (error) throw std::runtime_error("cannot listen on " + where + ": not an IP address");
    const tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) throw std::runtime_error("cannot listen on " + where + ": " + error.message());
    port_ = acceptor_.local_endpoint().port();
}

void Server::Impl::run() {
    name_thread("http");
    for (;;) {
        try {
            io_.run();
            return;
        } catch (const std::exception& error) {
            spdlog::error("the HTTP server goes on after: {}", error.what());
        }
    }
}

asio::awaitable<void> Server::Impl::accept_all() {
    constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
    while (acceptor_.is_open()) {
        auto [error, socket] = co_await acceptor_.async_accept(as_result);
        if (!acceptor_.is_open()) co_return;
        if (error) {
            // Most likely too many open files: it passes, and trying at once would only burn time.
            retry_timer_.expires_after(std::chrono::milliseconds(100));
            co_await retry_timer_.async_wait(as_result);
        } else if (sessions_.size() >= options_.max_connections) {
            refuse(std::move(socket), too_many_);
        } else {
            serve(std::move(socket));
        }
    }
}

net::ConnectionCounter::Admission Server::Impl::admit(const tcp::socket& socket) {
    if (!per_address_.counts()) return {net::ConnectionCounter::Place()};
    boost::system::error_code gone;
    const net::Address peer(socket.remote_endpoint(gone).address());
    if (options_.trusted_proxies.contains(peer)) return {net::ConnectionCounter::Place()};
    auto admission = per_address_.enter(peer);
    if (admission.first_refused) {
        spdlog::warn("{} has {} connections, as many as it may", peer.text(),
                     options_.max_connections_per_address);
    }
    return admission;
}

void Server::Impl::serve(tcp::socket socket) {
    auto admission = admit(socket);
    if (!admission.place) return refuse(std::move(socket), too_many_of_address_);
    auto session = make_session(std::move(socket), *context_);
    sessions_.insert(session);
    asio::co_spawn(
        io_, session->run(),
        [this, session, place = std::move(*admission.place)](const std::exception_ptr& failure) {
            sessions_.erase(session);
            end_if_stopped();
            if (!failure) return;
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& error) {
                spdlog::error("an HTTP connection failed: {}", error.what());
            }
        });
}

// Without waiting: the send buffer of a new connection has room for so short an answer.
void Server::Impl::refuse(tcp::socket socket, const std::string& answer) {
    if (options_.counters != nullptr) ++options_.counters->refused_connections;
    // A handshake would cost more than it serves.
    if (options_.tls) return;
    ::send(socket.native_handle(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    boost::system::error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void Server::Impl::begin_stop() {
    stopping_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    retry_timer_.cancel();
    stop_timer_.expires_after(options_.stop_timeout);
    stop_timer_.async_wait([this](boost::system::error_code error) {
        if (error) return;
        for (const auto& session : sessions_) session->abort();
    });
    for (const auto& session : sessions_) session->finish();
    end_if_stopped();
}

// With the last session and the timer gone the context has nothing left to do, and the thread ends.
void Server::Impl::end_if_stopped() {
    if (stopping_ && sessions_.empty()) stop_timer_.cancel();
}

void Server::Impl::stop() {
    if (thread_.joinable()) {
        asio::post(io_, [this] { begin_stop(); });
        thread_.join();
    }
    if (pool_) pool_->stop();
}

Server::Server(ServerOptions options, HandlerFactory factory)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(factory))) {}
Server::~Server() = default;
void Server::start() {
    impl_->start();
}
std::uint16_t Server::port() const {
    return impl_->port();
}
void Server::stop() {
    impl_->stop();
}

}  // namespace ccproxy::http
