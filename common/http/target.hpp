// The request target (RFC 9112, section 3.2) taken apart: path segments and query parameters,
// decoded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.hpp"
#include "common/result.hpp"

namespace ccproxy::http {

struct Target {
    std::vector<std::string> path;  ///< Without the empty segment of a final slash.
    std::vector<Field> query;
};

/// Takes the origin form (`/path?query`) and the absolute form (`http://host/path?query`). In the
/// query `+` is a space, as forms write it. Everything decoded is UTF-8 without NUL, or it is an
/// error.
Result<Target> parse_target(std::string_view text);

}  // namespace ccproxy::http
