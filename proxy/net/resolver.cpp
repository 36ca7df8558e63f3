#include "proxy/net/resolver.hpp"

namespace ccproxy::net {
namespace {

constexpr milliseconds fresh_for{30'000};
constexpr milliseconds retry_after{1000};
constexpr milliseconds patience{5000};

}  // namespace

Resolver::Entry& Resolver::refresh(const std::string& host, const std::string& port) {
    std::unique_ptr<Entry>& slot = entries_[host + ":" + port];
    if (!slot) {
        slot = std::make_unique<Entry>(io_);
        boost::system::error_code error;
        const auto address = asio::ip::make_address(host, error);
        if (!error) {
            const auto number = static_cast<asio::ip::port_type>(std::stoul(port));
            slot->endpoints.emplace_back(address, number);
            slot->fresh_until = SteadyClock::time_point::max();
        }
    }
    Entry& entry = *slot;
    if (entry.under_way || SteadyClock::now() < entry.fresh_until) return entry;
    entry.under_way = true;
    entry.answered.expires_after(patience);
    resolver_.async_resolve(host, port, [&entry](boost::system::error_code error, auto results) {
        entry.under_way = false;
        entry.fresh_until = SteadyClock::now() + (error ? retry_after : fresh_for);
        if (!error) {
            entry.endpoints.clear();
            for (const auto& result : results) entry.endpoints.push_back(result.endpoint());
        }
        entry.answered.cancel();
    });
    return entry;
}

void Resolver::prefetch(const std::string& host, const std::string& port) {
    refresh(host, port);
}

Task<Endpoints> Resolver::resolve(std::string host, std::string port) {
    Entry& entry = refresh(host, port);
    if (entry.endpoints.empty() && entry.under_way) {
        boost::system::error_code ignored;
        co_await entry.answered.async_wait(asio::redirect_error(use_task, ignored));
    }
    co_return entry.endpoints;
}

}  // namespace ccproxy::net
