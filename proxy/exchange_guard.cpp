// What a key that is not known leads to.
//
// Client keys hold 142 random bits: no number of tries finds one, so there is nothing to guard a
// key from, and one that is known is let in whatever its address did before. A team behind one
// address is not locked out by its one program with a wrong key. What the limit saves is work and
// log, and it ends the retries of that program: clients stop at 429 with `x-should-retry: false`
// and show the message, while some of them try again after 401.
#include <spdlog/spdlog.h>

#include "common/net/client_address.hpp"
#include "proxy/exchange.hpp"
#include "proxy/worker.hpp"

namespace ccproxy {

net::Address Exchange::client_address() const {
    const net::Address peer = client_.stream().peer();
    const net::AddressSet& trusted = worker_.shared.config.trusted_proxies;
    if (!trusted.contains(peer)) return peer;
    std::string forwarded_for;
    for (const auto& [name, value] : head_.fields) {
        if (name == "x-forwarded-for") forwarded_for.append(",").append(value);
    }
    return net::client_address(peer, forwarded_for, trusted);
}

Exchange::Refused Exchange::refuse_unknown_key() {
    Metrics& metrics = worker_.shared.metrics;
    net::FailedKeys& failed_keys = worker_.shared.failed_keys;
    const net::Address client = client_address();
    if (const auto left_s = failed_keys.blocked_s(client, started_)) {
        metrics.blocked_requests().Increment();
        Refused refused = refusal(
            429, "this key is not known here, nor were many others from this address", true);
        refused->retry_after_seconds = *left_s;
        refused->should_retry = false;
        return refused;
    }
    if (failed_keys.add(client, started_)) {
        metrics.blocked_addresses().Increment();
        spdlog::warn("{} has tried as many unknown keys as it may in a minute", client.text());
    }
    return refusal(401, "this key is not known here", true);
}

}  // namespace ccproxy
