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
        slot = std::make_unique<Entry>();
        boost::system::error_code error;
        const auto address = boost::asio::ip::make_address(host, error);
        if (!error) {
            const auto number = static_cast<std::uint16_t>(std::stoul(port));
            slot->endpoints.emplace_back(address, number);
            slot->fresh_until = SteadyClock::time_point::max();
        }
    }
    Entry& entry = *slot;
    if (entry.under_way || SteadyClock::now() < entry.fresh_until) return entry;
    entry.under_way = true;
    lookup_.ask(host, port, [&entry](Endpoints endpoints) {
        entry.under_way = false;
        entry.fresh_until = SteadyClock::now() + (endpoints.empty() ? retry_after : fresh_for);
        if (!endpoints.empty()) entry.endpoints = std::move(endpoints);
        for (Timer* timer : entry.waiting) timer->cancel();
    });
    return entry;
}

void Resolver::prefetch(const std::string& host, const std::string& port) {
    refresh(host, port);
}

Task<Endpoints> Resolver::resolve(std::string host, std::string port) {
    Entry& entry = refresh(host, port);
    if (entry.endpoints.empty() && entry.under_way) {
        Timer timer(loop_);
        entry.waiting.push_back(&timer);
        co_await timer.wait(patience);
        std::erase(entry.waiting, &timer);
    }
    co_return entry.endpoints;
}

}  // namespace ccproxy::net
