// Errors that the proxy itself answers, in the shape of the Messages API.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ccproxy::http1 {

/// What went wrong, as the client and the log are told.
struct Refusal {
    int status = 500;
    std::string message;
    bool close = false;           ///< End the connection after the answer.
    int retry_after_seconds = 0;  ///< Sent when positive.
    /// Sent as x-should-retry, which the clients' libraries follow, when there is something to say.
    std::optional<bool> should_retry{};
    std::string param{};  ///< Of the request's parameters, the one at fault, if it is one.
};

/// The error type that goes with a status (Anthropic API documentation, "Errors").
std::string_view error_type(int status);

std::string_view reason_phrase(int status);

/// `{"type":"error","error":{"type":…,"message":…},"request_id":…}`
std::string error_body(const Refusal& refusal, std::string_view request_id);

/// The whole response. `keep_alive` says what the connection would do if the refusal does not close
/// it.
std::string error_response(const Refusal& refusal, std::string_view request_id, bool keep_alive,
                           bool head_only);

/// The same with a body of another API's shape; `id_field` is the name by which that API's clients
/// know a request's id.
std::string error_response(const Refusal& refusal, std::string_view request_id, bool keep_alive,
                           bool head_only, std::string_view body, std::string_view id_field);

}  // namespace ccproxy::http1
