// Finds the client's key among a request's fields.
#pragma once

#include <string_view>

#include "proxy/http/head.hpp"

namespace ccproxy::auth {

/// From `Authorization: Bearer …` or `x-api-key`. When both are there the Bearer counts, as it does
/// upstream. Empty when there is none. Views into `fields`.
inline std::string_view client_credential(const http1::Fields& fields) {
    static constexpr std::string_view scheme = "bearer ";
    const std::string_view authorization = fields.get("authorization");
    if (http1::equals_ignoring_case(authorization.substr(0, scheme.size()), scheme)) {
        return authorization.substr(scheme.size());
    }
    return fields.get("x-api-key");
}

}  // namespace ccproxy::auth
