#include "analytics/bus/delivery.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace ccproxy::analytics {

Delivery::Delivery(std::string instance_id, RegistrySnapshot registry,
                   const std::map<std::string, std::uint64_t>& watermarks)
    : instance_id_(std::move(instance_id)), registry_(std::move(registry)) {
    for (const auto& [proxy_id, watermark] : watermarks) {
        Proxy& proxy = proxies_[proxy_id];
        proxy.tracker = SequenceTracker(watermark + 1);
        proxy.status.watermark = watermark;
        proxy.status.next_seq = watermark + 1;
        proxy.lag_clock.stored(watermark);
    }
}

Replies Delivery::on_control(const std::string& routing_id, const ControlMessage& message,
                             Moment now) {
    if (const auto* hello = std::get_if<Hello>(&message)) return on_hello(routing_id, *hello, now);
    if (const auto* ping = std::get_if<Ping>(&message)) return on_ping(routing_id, *ping, now);
    ++unexpected_messages_;
    return {};
}

Replies Delivery::on_hello(const std::string& routing_id, const Hello& hello, Moment now) {
    Proxy* proxy = admit(hello.proxy_id, now);
    if (proxy == nullptr) return {};
    bind(*proxy, hello.proxy_id, routing_id);
    align(*proxy, hello);
    proxy->tracker.resume_from(proxy->tracker.expected(), now.steady_ms);
    proxy->seen_steady_ms = now.steady_ms;
    proxy->status.last_seen_at_ms = now.unix_ms;
    proxy->status.program_version = hello.program_version;
    proxy->status.next_seq = hello.next_seq;
    proxy->status.dropped = hello.dropped;
    proxy->lag_clock.align(proxy->status.watermark, hello.next_seq - 1, now.steady_ms);
    spdlog::info("proxy {} ({}) sends from {} on", hello.proxy_id, hello.program_version,
                 proxy->tracker.expected());

    Welcome welcome;
    welcome.instance_id = instance_id_;
    welcome.hello_number = hello.number;
    welcome.resume_seq = proxy->tracker.expected();
    if (hello.registry_version != registry_.version()) welcome.registry = registry_.snapshot();
    Replies replies;
    replies.push_back({routing_id, std::move(welcome)});
    // An ack that fell between two connections is not sent again otherwise.
    if (proxy->status.watermark > 0) replies.push_back({routing_id, Ack{proxy->status.watermark}});
    if (!day_.tokens.empty()) replies.push_back({routing_id, usage_for(hello.proxy_id)});
    return replies;
}

/// Brings what is expected in line with what the proxy's journal holds.
void Delivery::align(Proxy& proxy, const Hello& hello) {
    const std::uint64_t expected = proxy.tracker.expected();
    const std::uint64_t first = std::clamp<std::uint64_t>(hello.first_seq, 1, hello.next_seq);
    if (hello.next_seq < expected) {
        // The journal has lost its end, as after a power cut or a change of disk, and its numbers
        // are given anew. So all that it holds is taken again, whatever its numbers: ids tell what
        // is known.
        spdlog::warn(
            "proxy {} has gone back from event {} to {}: what its journal holds is taken again",
            hello.proxy_id, expected, hello.next_seq);
        proxy.tracker = SequenceTracker(first);
        proxy.rewind_pending = true;
        ++proxy.generation;
        proxy.status.watermark = first - 1;
        ++proxy.status.rewinds;
    } else if (first > expected) {
        spdlog::error("proxy {} no longer holds the events {} to {}: {} events are lost",
                      hello.proxy_id, expected, first - 1, first - expected);
        proxy.status.lost += first - expected;
        proxy.tracker = SequenceTracker(first);
        // They count as dealt with: nobody will send them.
        proxy.status.watermark = first - 1;
    }
}

Replies Delivery::on_ping(const std::string& routing_id, const Ping& ping, Moment now) {
    const auto route = routes_.find(routing_id);
    if (route == routes_.end() || route->second != ping.proxy_id ||
        ping.instance_id != instance_id_) {
        return {{routing_id, Greet{instance_id_}}};
    }
    Proxy& proxy = proxies_.at(ping.proxy_id);
    proxy.seen_steady_ms = now.steady_ms;
    proxy.status.last_seen_at_ms = now.unix_ms;
    proxy.status.next_seq = std::max(ping.next_seq, proxy.tracker.expected());
    proxy.status.dropped = ping.dropped;
    if (ping.accounts) {
        proxy.status.accounts = *ping.accounts;
        proxy.status.accounts_told_at_ms = now.unix_ms;
    }
    proxy.lag_clock.heard(proxy.status.next_seq - 1, now.steady_ms);
    // No ack is repeated here: a proxy whose last events were lost on the way notices by the
    // silence.
    return {{routing_id, Pong{instance_id_, proxy.tracker.expected(), has_room_}}};
}

Arrival Delivery::on_event(const Envelope& envelope, Moment now) {
    const auto entry = proxies_.find(envelope.proxy_id);
    if (entry == proxies_.end() || !entry->second.announced) {
        // Its hello will tell where it has to begin, and then the event comes again.
        ++unannounced_events_;
        return {};
    }
    Proxy& proxy = entry->second;
    ProxyStatus& status = proxy.status;
    proxy.seen_steady_ms = now.steady_ms;
    status.last_seen_at_ms = now.unix_ms;
    status.next_seq = std::max(status.next_seq, envelope.seq + 1);
    proxy.lag_clock.heard(status.next_seq - 1, now.steady_ms);
    Arrival arrival;
    switch (proxy.tracker.see(envelope.seq, now.steady_ms)) {
        case SequenceTracker::Verdict::take:
            ++status.received;
            arrival.take = true;
            arrival.rewinds = std::exchange(proxy.rewind_pending, false);
            arrival.generation = proxy.generation;
            break;
        case SequenceTracker::Verdict::duplicate:
            ++status.duplicates;
            break;
        case SequenceTracker::Verdict::gap:
            break;
        case SequenceTracker::Verdict::gap_ask_to_resume: {
            const std::uint64_t expected = proxy.tracker.expected();
            if (proxy.gap_at != expected) ++status.gaps;
            proxy.gap_at = expected;
            if (proxy.routing_id.empty()) break;
            ++status.resumes;
            arrival.replies.push_back({proxy.routing_id, Resume{expected}});
        }
    }
    return arrival;
}

Replies Delivery::on_committed(const Committed& committed) {
    for (const auto& [proxy_id, count] : committed.quarantined) {
        const auto entry = proxies_.find(proxy_id);
        if (entry != proxies_.end()) entry->second.status.quarantined += count;
    }
    Replies replies;
    for (const auto& [proxy_id, stored] : committed.proxies) {
        const auto entry = proxies_.find(proxy_id);
        // A seq of a numbering that is over would ack events that are not stored.
        if (entry == proxies_.end() || entry->second.generation != stored.generation) continue;
        Proxy& proxy = entry->second;
        proxy.status.watermark = std::max(proxy.status.watermark, stored.seq);
        proxy.lag_clock.stored(proxy.status.watermark);
        if (!proxy.routing_id.empty()) {
            const bool lost = committed.lost_beginning.contains(proxy_id);
            replies.push_back({proxy.routing_id, Ack{proxy.status.watermark, lost}});
        }
    }
    return replies;
}

Replies Delivery::on_registry_change(const RegistryChange& change) {
    registry_.apply(change);
    Replies replies;
    for (const auto& [routing_id, proxy_id] : routes_) replies.push_back({routing_id, change});
    return replies;
}

Replies Delivery::on_day_of_tokens(DayOfTokens day) {
    day_ = std::move(day);
    Replies replies;
    for (const auto& [routing_id, proxy_id] : routes_) {
        replies.push_back({routing_id, usage_for(proxy_id)});
    }
    return replies;
}

DailyUsage Delivery::usage_for(const std::string& proxy_id) const {
    const auto watermark = day_.watermarks.find(proxy_id);
    const std::uint64_t counted = watermark == day_.watermarks.end() ? 0 : watermark->second;
    return {day_.ends_at_ms, counted, day_.tokens};
}

void Delivery::on_unreachable(const std::string& routing_id) {
    const auto route = routes_.find(routing_id);
    if (route != routes_.end()) unbind(proxies_.at(route->second));
}

Delivery::Proxy* Delivery::admit(const std::string& proxy_id, Moment now) {
    const auto known = proxies_.find(proxy_id);
    if (known != proxies_.end() && known->second.announced) return &known->second;
    if (announced_ >= max_announced && !make_room(now)) {
        ++refused_proxies_;
        return nullptr;
    }
    Proxy& proxy = proxies_[proxy_id];
    proxy.announced = true;
    ++announced_;
    return &proxy;
}

/// Lets go of the proxy that has been silent for longest; false when none is silent.
bool Delivery::make_room(Moment now) {
    auto oldest = proxies_.end();
    for (auto entry = proxies_.begin(); entry != proxies_.end(); ++entry) {
        const Proxy& proxy = entry->second;
        if (!proxy.announced || is_connected(proxy, now)) continue;
        if (oldest == proxies_.end() || proxy.seen_steady_ms < oldest->second.seen_steady_ms) {
            oldest = entry;
        }
    }
    if (oldest == proxies_.end()) return false;
    Proxy& proxy = oldest->second;
    unbind(proxy);
    proxy.announced = false;
    --announced_;
    // One that never sent an event leaves nothing to remember.
    if (proxy.tracker.expected() == 1) proxies_.erase(oldest);
    return true;
}

void Delivery::bind(Proxy& proxy, const std::string& proxy_id, const std::string& routing_id) {
    on_unreachable(routing_id);  // Another proxy may have had this routing id before.
    unbind(proxy);
    proxy.routing_id = routing_id;
    routes_[routing_id] = proxy_id;
}

void Delivery::unbind(Proxy& proxy) {
    routes_.erase(proxy.routing_id);
    proxy.routing_id.clear();
}

bool Delivery::is_connected(const Proxy& proxy, Moment now) {
    return !proxy.routing_id.empty() && now.steady_ms - proxy.seen_steady_ms < silence_ms;
}

bool Delivery::keeps_up(std::int64_t max_lag_ms, Moment now) const {
    return std::none_of(proxies_.begin(), proxies_.end(), [&](const auto& entry) {
        const Proxy& proxy = entry.second;
        return proxy.lag_clock.age_ms(now.steady_ms) > max_lag_ms && is_connected(proxy, now);
    });
}

std::vector<ProxyStatus> Delivery::status(Moment now) const {
    std::vector<ProxyStatus> list;
    list.reserve(proxies_.size());
    for (const auto& [proxy_id, proxy] : proxies_) {
        ProxyStatus status = proxy.status;
        status.proxy_id = proxy_id;
        status.connected = is_connected(proxy, now);
        const std::uint64_t last = status.next_seq - 1;
        status.lag = last > status.watermark ? last - status.watermark : 0;
        status.lag_ms = proxy.lag_clock.age_ms(now.steady_ms);
        list.push_back(std::move(status));
    }
    return list;
}

}  // namespace ccproxy::analytics
