// Who calls an API: the credentials of a request.
#pragma once

#include <optional>
#include <string_view>

#include "common/http/message.hpp"

namespace ccproxy::http {

/// The credential of `Authorization: Bearer …` (RFC 6750, section 2.1).
std::optional<std::string_view> bearer_credential(const Request& request);

/// Whether `X-Admin-Key` or a Bearer holds the admin key. The time taken does not depend on how
/// much of it is right. Nobody is an admin when `admin_key` is empty.
bool is_admin(const Request& request, std::string_view admin_key);

/// 401, the same whatever was wrong.
Response unauthorized();

}  // namespace ccproxy::http
