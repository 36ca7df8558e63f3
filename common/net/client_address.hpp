// Whose request it is, where servers stand between the client and this one.
#pragma once

#include <string_view>

#include "common/net/address_set.hpp"

namespace ccproxy::net {

/// The peer of the connection, unless it is trusted: then the rightmost address of
/// `X-Forwarded-For` that is not itself trusted, since each server appends the address that came to
/// it, and what stands further to the left is the client's own word. `forwarded_for` is all fields
/// of that name in their order, joined by commas. An entry that is no address ends the walk at the
/// last one that was; so does the thirty-second. A port behind an address is passed over.
Address client_address(const Address& peer, std::string_view forwarded_for,
                       const AddressSet& trusted);

}  // namespace ccproxy::net
