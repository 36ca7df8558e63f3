// Which proxies may come in across machines, and for whom each may speak. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/bus/curve_keys.hpp"

namespace ccproxy::analytics {

/// `id` is the proxy's `name`. Two keys of one id may both come in, so that a key can be changed.
struct AllowedProxy {
    std::string id;
    std::string public_key;
};

/// CURVE on both sockets.
struct BusCurve {
    CurveKeys keys;  ///< analyticsd's own.
    std::vector<AllowedProxy> allowed;
};

/// Whether who came with the key of `id` may send what `proxy_id` sends. A proxy makes its id of
/// its name and 12 hexadecimal digits; what stands between them is compared too, since `a` is no
/// more `a-b` than any other.
inline bool may_speak_for(std::string_view id, std::string_view proxy_id) {
    constexpr std::size_t random_chars = 12;
    return !id.empty() && proxy_id.size() == id.size() + 1 + random_chars &&
           proxy_id.starts_with(id) && proxy_id[id.size()] == '-' &&
           proxy_id.substr(id.size() + 1).find_first_not_of("0123456789abcdef") ==
               std::string_view::npos;
}

}  // namespace ccproxy::analytics
