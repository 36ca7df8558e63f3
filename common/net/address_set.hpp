// A set of networks.
#pragma once

#include <string_view>
#include <vector>

#include "common/config_source.hpp"
#include "common/net/address.hpp"
#include "common/result.hpp"

namespace ccproxy::net {

/// Immutable after the last add(), then shared by any threads.
class AddressSet {
  public:
    /// An address, or a network such as `10.0.0.0/8` or `fd00::/8`. Fails when it is neither, and
    /// when bits are set behind its prefix, since then something else was meant.
    Result<void> add(std::string_view network);

    [[nodiscard]] bool contains(const Address& address) const;
    [[nodiscard]] bool empty() const { return networks_.empty(); }
    bool operator==(const AddressSet&) const = default;

  private:
    struct Network {
        Address base;
        int bits = 128;  ///< Of the 128 of an Address.
        bool operator==(const Network&) const = default;
    };
    std::vector<Network> networks_;
};

/// Reads `trusted_proxies`, a list of at most 256 addresses and networks; what is wrong is noted as
/// a problem.
AddressSet read_trusted_proxies(ConfigSource& source);

}  // namespace ccproxy::net
