// IP addresses as plain values.
#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ccproxy::net {

/// IPv4 is kept in its IPv4-mapped form (RFC 4291, section 2.5.5.2), so that a client is the same
/// whichever kind of listener it came to.
class Address {
  public:
    Address() = default;
    explicit Address(const boost::asio::ip::address& address);
    /// `192.0.2.1` or `2001:db8::1`, without brackets, port or zone.
    static std::optional<Address> parse(std::string_view text);

    [[nodiscard]] bool is_v4() const;
    [[nodiscard]] std::string text() const;
    /// The address with its bits behind the first `bits` of 128 cleared.
    [[nodiscard]] Address prefix(int bits) const;
    /// What one client is counted as: of IPv6 the /64 that a network gives to one customer, who has
    /// all its addresses to choose from.
    [[nodiscard]] Address counted() const { return is_v4() ? *this : prefix(64); }
    [[nodiscard]] std::size_t hash() const;

    auto operator<=>(const Address&) const = default;

  private:
    std::array<std::uint8_t, 16> bytes_{};
};

struct AddressHash {
    std::size_t operator()(const Address& address) const { return address.hash(); }
};

/// `192.0.2.1:80`, or `[2001:db8::1]:80`.
std::string endpoint_text(const std::string& host, std::uint16_t port);

}  // namespace ccproxy::net
