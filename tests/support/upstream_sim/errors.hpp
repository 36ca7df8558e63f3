// The error shapes of the API.
#pragma once

#include <string>
#include <string_view>

namespace upstream_sim {

/// The error type that the API pairs with a status (its documentation, "Errors").
std::string_view error_type(int status);

/// The message that goes with a steered error of this status.
std::string_view error_message(int status);

/// `{"type":"error","error":{"type":…,"message":…},"request_id":…}`
std::string error_json(std::string_view type, std::string_view message,
                       std::string_view request_id);

}  // namespace upstream_sim
