#include "analytics/api/server.hpp"

#include <stdexcept>
#include <utility>

#include "analytics/api/routes.hpp"
#include "common/http/server.hpp"

namespace ccproxy::analytics {

class ApiServer::Impl {
  public:
    Impl(const ApiConfig& config, Services services)
        : admin_key_(config.admin_key),
          on_call_(config.on_call),
          services_(std::move(services)),
          listener_(config.tls, config.limits.max_failed_keys_per_minute),
          server_(options(config, listener_), [this] { return handler(); }) {}

    void start() {
        if (admin_key_.empty()) throw std::runtime_error("the admin key must not be empty");
        server_.start();
    }
    [[nodiscard]] std::uint16_t port() const { return server_.port(); }
    void stop() { server_.stop(); }

  private:
    static http::ServerOptions options(const ApiConfig& config, Listener& listener) {
        http::ServerOptions options;
        options.listen_host = config.listen_host;
        options.port = config.port;
        options.threads = config.threads;
        options.tls = listener.tls;
        options.max_connections = config.limits.max_connections;
        options.max_connections_per_address = config.limits.max_connections_per_address;
        options.trusted_proxies = config.trusted_proxies;
        options.counters = &listener.counters;
        options.extra_headers = {{"x-content-type-options", "nosniff"},
                                 {"cache-control", "no-store"}};
        return options;
    }

    http::Handler handler() {
        auto worker = std::make_shared<Worker>(Worker{
            services_, services_.open_reader(), UuidV7Generator(), counters_, exports_, listener_});
        return [this, worker](const http::Request& request) {
            if (on_call_) on_call_();
            return answer_call(request, *worker, admin_key_);
        };
    }

    const std::string admin_key_;
    const std::function<void()> on_call_;
    const Services services_;
    CallCounters counters_;
    ExportCounters exports_;
    Listener listener_;
    http::Server server_;  // Last: its threads use what stands above.
};

ApiServer::ApiServer(const ApiConfig& config, const Services& services)
    : impl_(std::make_unique<Impl>(config, services)) {}
ApiServer::~ApiServer() = default;
void ApiServer::start() {
    impl_->start();
}
std::uint16_t ApiServer::port() const {
    return impl_->port();
}
void ApiServer::stop() {
    impl_->stop();
}

}  // namespace ccproxy::analytics
