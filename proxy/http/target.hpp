// What a request's target asks for.
#pragma once

#include <string>
#include <string_view>

#include "common/result.hpp"

namespace ccproxy::http1 {

struct Target {
    std::string path;   ///< `/v1/messages`; `/v1/v1/…` has become `/v1/…`.
    std::string query;  ///< With its `?`, as sent; empty when there is none.
};

/// Takes origin form (`/v1/messages?beta=true`) and absolute form (`http://host/v1/messages`), the
/// latter since clients behind HTTPS_PROXY send it. Fails on any other form, on `.` and `..`
/// segments, encoded ones too (they could leave an upstream's base path), and on a backslash.
Result<Target> parse_target(std::string_view target);

/// The path as a lenient server might understand it: percent-decoded, in lower case, without
/// parameters (`;…`), empty segments and a final slash.
std::string lenient_path(std::string_view path);

}  // namespace ccproxy::http1
