// A response that is known whole.
#pragma once

#include <string>
#include <string_view>

namespace ccproxy::http1 {

/// `head_only` leaves the body out and its length in, as an answer to HEAD has it.
std::string plain_response(int status, std::string_view content_type, std::string_view body,
                           bool keep_alive, bool head_only);

}  // namespace ccproxy::http1
