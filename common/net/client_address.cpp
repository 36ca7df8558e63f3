#include "common/net/client_address.hpp"

#include <algorithm>

namespace ccproxy::net {
namespace {

constexpr int max_entries = 32;

std::string_view trim(std::string_view text) {
    const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
    text.remove_prefix(first);
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:443`.
std::optional<Address> parse_entry(std::string_view entry) {
    if (entry.starts_with('[')) {
        const std::size_t end = entry.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        return Address::parse(entry.substr(1, end - 1));
    }
    const std::size_t colon = entry.find(':');
    const bool has_port = colon != std::string_view::npos && entry.rfind(':') == colon;
    return Address::parse(has_port ? entry.substr(0, colon) : entry);
}

}  // namespace

Address client_address(const Address& peer, std::string_view forwarded_for,
                       const AddressSet& trusted) {
    Address client = peer;
    for (int i = 0; i < max_entries && !forwarded_for.empty() && trusted.contains(client); ++i) {
        const std::size_t comma = forwarded_for.rfind(',');
        const bool last = comma == std::string_view::npos;
        const auto entry =
            parse_entry(trim(last ? forwarded_for : forwarded_for.substr(comma + 1)));
        if (!entry) break;
        client = *entry;
        forwarded_for = last ? std::string_view() : forwarded_for.substr(0, comma);
    }
    return client;
}

}  // namespace ccproxy::net
