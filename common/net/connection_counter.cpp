#include "common/net/connection_counter.hpp"

namespace ccproxy::net {

ConnectionCounter::Admission ConnectionCounter::enter(const Address& address) {
    Admission admission;
    if (limit_ == 0) {
        admission.place.emplace();
        return admission;
    }
    const Address counted = address.counted();
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[counted];
    if (entry.connections >= limit_) {
        admission.first_refused = !std::exchange(entry.refused, true);
        return admission;
    }
    ++entry.connections;
    admission.place.emplace(*this, counted);
    return admission;
}

void ConnectionCounter::leave(const Address& address) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(address);
    if (--found->second.connections == 0) entries_.erase(found);
}

std::size_t ConnectionCounter::addresses() {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

}  // namespace ccproxy::net
