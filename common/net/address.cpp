#include "common/net/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace ccproxy::net {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_head{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

Address::Address(const boost::asio::ip::address& address) {
    if (address.is_v6()) {
        const auto bytes = address.to_v6().to_bytes();
        std::copy(bytes.begin(), bytes.end(), bytes_.begin());
        return;
    }
    const auto bytes = address.to_v4().to_bytes();
    std::copy(mapped_head.begin(), mapped_head.end(), bytes_.begin());
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + mapped_head.size());
}

std::optional<Address> Address::parse(std::string_view text) {
    if (text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
    const std::string terminated(text);
    if (terminated.find('\0') != std::string::npos) return std::nullopt;
    Address address;
    if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
    std::copy(mapped_head.begin(), mapped_head.end(), address.bytes_.begin());
    std::uint8_t* const v4 = address.bytes_.data() + mapped_head.size();
    if (::inet_pton(AF_INET, terminated.c_str(), v4) == 1) return address;
    return std::nullopt;
}

bool Address::is_v4() const {
    return std::equal(mapped_head.begin(), mapped_head.end(), bytes_.begin());
}

std::string Address::text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const std::uint8_t* const bytes = bytes_.data() + (is_v4() ? mapped_head.size() : 0);
    ::inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes, text.data(), text.size());
    return text.data();
}

Address Address::prefix(int bits) const {
    Address cut = *this;
    for (int i = 0; i < 16; ++i) {
        const int kept = std::clamp(bits - 8 * i, 0, 8);
        cut.bytes_[static_cast<std::size_t>(i)] &= static_cast<std::uint8_t>(0xff00 >> kept);
    }
    return cut;
}

std::string endpoint_text(const std::string& host, std::uint16_t port) {
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::size_t Address::hash() const {
    return std::hash<std::string_view>()(
        {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});
}

}  // namespace ccproxy::net
