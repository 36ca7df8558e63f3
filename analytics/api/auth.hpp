// Who may call: people with the admin key, and clients with a key of their own.
#pragma once

#include <optional>
#include <string_view>

#include "analytics/store/store.hpp"
#include "common/http/message.hpp"

namespace ccproxy::analytics {

/// Whether `X-Admin-Key` or a Bearer holds the admin key. The time taken does not depend on how
/// much of it is right. Nobody is an admin when `admin_key` is empty.
bool is_admin(const http::Request& request, std::string_view admin_key);

/// The token whose key comes as a Bearer or as `x-api-key`, revoked and expired ones included.
std::optional<TokenInfo> find_client(const http::Request& request, StoreReader& reader);

/// 401, the same whatever was wrong.
http::Response unauthorized();

}  // namespace ccproxy::analytics
