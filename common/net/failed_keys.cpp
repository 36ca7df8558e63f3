#include "common/net/failed_keys.hpp"

namespace ccproxy::net {

std::optional<int> FailedKeys::blocked_s(const Address& address, TimePoint now) {
    if (limit_ == 0) return std::nullopt;
    const std::lock_guard lock(mutex_);
    const auto found = by_address_.find(address.counted());
    if (found == by_address_.end() || found->second->failures < limit_) return std::nullopt;
    const auto left = found->second->began + window - now;
    if (left <= TimePoint::duration::zero()) return std::nullopt;
    return static_cast<int>(std::chrono::ceil<std::chrono::seconds>(left).count());
}

bool FailedKeys::add(const Address& address, TimePoint now) {
    if (limit_ == 0) return false;
    const std::lock_guard lock(mutex_);
    return ++entry_of(address.counted(), now).failures == limit_;
}

FailedKeys::Entry& FailedKeys::entry_of(const Address& counted, TimePoint now) {
    const auto forget_oldest = [this] {
        by_address_.erase(entries_.front().address);
        entries_.pop_front();
    };
    while (!entries_.empty() && entries_.front().began + window <= now) forget_oldest();
    const auto found = by_address_.find(counted);
    if (found != by_address_.end()) return *found->second;
    if (entries_.size() >= max_addresses) forget_oldest();
    entries_.push_back({counted, now, 0});
    by_address_[counted] = std::prev(entries_.end());
    return entries_.back();
}

}  // namespace ccproxy::net
