#include "proxy/server.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/thread.hpp"

namespace ccproxy {
namespace {

using std::chrono::milliseconds;

journal::JournalOptions journal_options(const ProxyConfig& config) {
    journal::JournalOptions options;
    options.folder = config.state_dir + "/journal";
    options.proxy_name = config.name;
    options.max_bytes = config.journal.max_bytes;
    options.segment_bytes = std::min<std::int64_t>(options.segment_bytes, options.max_bytes / 8);
    options.retain = config.journal.retain;
    options.sync_each_append = config.journal.sync_interval == milliseconds(0);
    return options;
}

bus::PublisherOptions publisher_options(const ProxyConfig& config) {
    bus::PublisherOptions options;
    options.events_address = config.bus.events;
    options.control_address = config.bus.control;
    options.curve = config.curve;
    options.sync_interval = config.journal.sync_interval;
    return options;
}

}  // namespace

Server::Server(ProxyConfig config)
    : config_(std::move(config)),
      accounts_(std::make_shared<accounts::AccountSet>(config_.accounts, config_.failover)),
      registry_(config_.state_dir + "/registry.json"),
      journal_(journal_options(config_)),
      per_address_(config_.limits.max_connections_per_address),
      failed_keys_(config_.limits.max_failed_keys_per_minute),
      publisher_(publisher_options(config_), journal_, registry_, limiter_,
                 [this] { return report(); }),
      shared_{config_,    accounts_, registry_,    limiter_,     journal_,
              publisher_, metrics_,  per_address_, failed_keys_, clock_} {
    if (config_.tls) shared_.tls = &tls_.emplace(*config_.tls);
    if (!registry_.load_problem().empty()) spdlog::warn("{}", registry_.load_problem());
    std::uint16_t port = config_.listen.port;
    for (std::size_t i = 0; i < config_.workers; ++i) {
        workers_.push_back(std::make_unique<Worker>(shared_, port));
        port = workers_.front()->port();
    }
    if (config_.admin) {
        admin_ =
            std::make_unique<AdminServer>(*config_.admin, config_.limits.max_failed_keys_per_minute,
                                          config_.trusted_proxies, [this] { return report(); });
    }
    for (const auto& worker : workers_) {
        running_.fetch_add(1);
        threads_.emplace_back([this, &worker] { run_worker(*worker); });
    }
}

void Server::run_worker(Worker& worker) {
    name_thread("worker");
    worker.run();
    running_.fetch_sub(1);
    running_.notify_all();
}

Server::~Server() {
    const std::atomic<bool> hurry{true};
    stop(hurry);
}

std::uint16_t Server::port() const {
    return workers_.front()->port();
}

std::uint16_t Server::admin_port() const {
    return admin_ ? admin_->port() : 0;
}

std::vector<AccountReport> Server::report() const {
    return accounts_.get()->report(accounts::now(clock_));
}

void Server::reload(const ProxyConfig& config) {
    const accounts::AccountSetPtr old = accounts_.get();
    const auto fresh =
        std::make_shared<accounts::AccountSet>(config.accounts, config.failover, old.get());
    if (tls_ && config.tls) tls_->load(*config.tls);
    accounts_.replace(fresh);
    for (const auto& worker : workers_) worker->use(fresh);
}

void Server::stop(const std::atomic<bool>& hurry) {
    if (stopped_) return;
    stopped_ = true;
    shared_.stopping.store(true);
    for (const auto& worker : workers_) worker->stop();
    const auto deadline = std::chrono::steady_clock::now() + config_.shutdown_grace;
    while (running_.load() > 0 && !hurry.load() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(milliseconds(20));
    }
    for (const auto& worker : workers_) worker->cut();
    for (std::thread& thread : threads_) thread.join();
    if (admin_) admin_->stop();
    publisher_.stop();
}

}  // namespace ccproxy
