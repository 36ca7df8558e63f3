// Whether a request's head says beyond doubt where the request ends. What is taken differently by
// two programs on the way lets one client smuggle requests into another's connection.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "common/http/message.hpp"

namespace ccproxy::http {

/// The head at the front of `bytes`, up to and with its empty line; empty while that is not there.
std::string_view complete_head(std::string_view bytes);

/// Whether a line of a request's head begins with white space, which continues the header before it
/// (obs-fold; RFC 9112, section 5.2, has servers refuse it). `head` is the bytes as they came, from
/// the request line on.
bool has_folded_line(std::string_view head);

/// What is wrong, if anything: `Transfer-Encoding` other than one `chunked`, with `Content-Length`
/// or before HTTP/1.1; more than one `Content-Length` or one that is not digits; no `Host` in
/// HTTP/1.1 or more than one. `http_minor` is the y of HTTP/1.y.
std::optional<std::string_view> framing_problem(int http_minor, const std::vector<Field>& headers);

}  // namespace ccproxy::http
