// Host names to addresses, remembered for a while, so that a slow name server delays at most the
// first request.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/net/types.hpp"

namespace ccproxy::net {

using Endpoints = std::vector<asio::ip::tcp::endpoint>;

/// For one thread. Asio looks names up on a thread of its own.
class Resolver {
  public:
    explicit Resolver(asio::io_context& io) : io_(io), resolver_(io.get_executor()) {}

    /// Starts a look-up unless a fresh answer is at hand or one is under way.
    void prefetch(const std::string& host, const std::string& port);

    /// The addresses of a host; empty when there are none, or none within five seconds. An old
    /// answer is used while the name server gives no new one.
    Task<Endpoints> resolve(std::string host, std::string port);

  private:
    struct Entry {
        explicit Entry(asio::io_context& io) : answered(io.get_executor()) {}
        Endpoints endpoints;
        SteadyClock::time_point fresh_until{};
        bool under_way = false;
        /// Set when a look-up starts, cancelled when the answer is there: waiting coroutines wake.
        Timer answered;
    };
    using ResolverImpl = asio::ip::basic_resolver<asio::ip::tcp, Executor>;

    Entry& refresh(const std::string& host, const std::string& port);

    asio::io_context& io_;
    ResolverImpl resolver_;
    std::map<std::string, std::unique_ptr<Entry>> entries_;
};

}  // namespace ccproxy::net
