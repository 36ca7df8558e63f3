#include "common/net/address_set.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace ccproxy::net {
namespace {

constexpr std::size_t max_networks = 256;

}  // namespace

Result<void> AddressSet::add(std::string_view network) {
    const Error malformed{std::string("must be an IP address or a network such as 10.0.0.0/8: ")
                              .append(network.substr(0, 64))};
    const std::size_t slash = std::min(network.find('/'), network.size());
    const auto address = Address::parse(network.substr(0, slash));
    if (!address) return malformed;
    const int all = address->is_v4() ? 32 : 128;
    int bits = all;
    if (slash < network.size()) {
        const char* const end = network.data() + network.size();
        const auto [at, error] = std::from_chars(network.data() + slash + 1, end, bits);
        if (error != std::errc() || at != end || bits < 0 || bits > all) return malformed;
    }
    const Network made{address->prefix(128 - all + bits), 128 - all + bits};
    if (made.base != *address) {
        return Error{std::string(network) + " has bits behind its prefix; the network is " +
                     made.base.text() + "/" + std::to_string(bits)};
    }
    networks_.push_back(made);
    return {};
}

bool AddressSet::contains(const Address& address) const {
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
        return address.prefix(network.bits) == network.base;
    });
}

AddressSet read_trusted_proxies(ConfigSource& source) {
    AddressSet set;
    const std::vector<std::string> networks = source.texts("trusted_proxies");
    if (networks.size() > max_networks) {
        source.problem("trusted_proxies", "has more than 256 entries");
        return set;
    }
    for (const std::string& network : networks) {
        const Result<void> added = set.add(network);
        if (!added) source.problem("trusted_proxies", added.error().message);
    }
    return set;
}

}  // namespace ccproxy::net
