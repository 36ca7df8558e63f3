// The error shapes of the API.
#include "tests/support/upstream_sim/errors.hpp"

#include "tests/support/upstream_sim/json_text.hpp"

namespace upstream_sim {

std::string_view error_type(int status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 402:
            return "billing_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 413:
            return "request_too_large";
        case 429:
            return "rate_limit_error";
        case 504:
            return "timeout_error";
        case 529:
            return "overloaded_error";
        default:
            return status >= 500 ? "api_error" : "invalid_request_error";
    }
}

std::string_view error_message(int status) {
    switch (status) {
        case 401:
            return "invalid x-api-key";
        case 402:
            return "Your credit balance is too low to access the API.";
        case 403:
            return "Your API key does not have permission to use the specified resource.";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Request exceeds the maximum size";
        case 429:
            return "This request would exceed your organization's rate limit.";
        case 504:
            return "Request timed out.";
        case 529:
            return "Overloaded";
        default:
            return status >= 500 ? "Internal server error" : "Simulated invalid request";
    }
}

std::string error_json(std::string_view type, std::string_view message,
                       std::string_view request_id) {
    return joined({R"({"type":"error","error":{"type":)", quoted(type), R"(,"message":)",
                   quoted(message), R"(},"request_id":)", quoted(request_id), "}"});
}

}  // namespace upstream_sim
