// Clients that call with a key of their own.
#pragma once

#include <optional>

#include "analytics/store/store.hpp"
#include "common/http/message.hpp"

namespace ccproxy::analytics {

/// The token whose key comes as a Bearer or as `x-api-key`, revoked and expired ones included.
std::optional<TokenInfo> find_client(const http::Request& request, StoreReader& reader);

}  // namespace ccproxy::analytics
