// What a chat backend says went wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/json/tree.hpp"

namespace ccproxy::web {

struct BackendError {
    std::string type;  ///< Of the Messages API; `api_error` where the backend's is none of those.
    std::string message;  ///< One sentence; never a page, and never the account's credential.
    std::optional<std::int64_t> resets_at_s;  ///< When a limit ends, in Unix seconds.
};

/// Reads `{"type":"error","error":{"type":…,"message":…}}`, an event's data or a body. The message
/// of a limit may itself be a JSON text that holds `resetsAt`. `session_key` is taken out of what
/// is said.
BackendError read_error(const JsonValue& error, std::string_view session_key);

/// The same of an answer's body. Of one that is something else, such as a page, only the status is
/// told, and its type is not.
BackendError read_error_body(int status, std::string_view body, std::string_view session_key);

/// The status that the Messages API gives an error of that type outside of streams.
int status_of(std::string_view type);

}  // namespace ccproxy::web
