// Whether a request's head says beyond doubt where the request ends. What is taken differently by
// two programs on the way lets one client smuggle requests into another's connection.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "common/http/message.hpp"

namespace ccproxy::http {

/// What is wrong, if anything: `Transfer-Encoding` other than one `chunked`, with `Content-Length`
/// or before HTTP/1.1; more than one `Content-Length` or one that is not digits; no `Host` in
/// HTTP/1.1 or more than one. `http_minor` is the y of HTTP/1.y.
std::optional<std::string_view> framing_problem(int http_minor, const std::vector<Field>& headers);

}  // namespace ccproxy::http
