// A request and a response as plain values: what a handler sees of HTTP.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccproxy::http {

struct Field {
    std::string name, value;

    bool operator==(const Field&) const = default;
};

struct Request {
    std::string method;             ///< As it was sent; methods are case-sensitive.
    std::vector<std::string> path;  ///< Decoded segments, without the empty one of a final slash.
    std::vector<Field> query;       ///< Decoded parameters in their order, repeated ones included.
    std::vector<Field> headers;     ///< In their order, names as they were sent.
    std::string body;
    std::string remote_address;  ///< Without the port.
};

/// Content-Length, Connection and the server's own headers are added when it is sent.
struct Response {
    int status = 200;
    std::vector<Field> headers;
    std::string body;
};

/// Whether two names are the same in any case (ASCII).
bool equal_names(std::string_view left, std::string_view right);

/// The value of the first header of that name in any case.
std::optional<std::string_view> find_header(const std::vector<Field>& headers,
                                            std::string_view name);

/// `body` must be JSON.
Response json_response(int status, std::string body);

/// `{"error": message}`. `message` must hold no secret; it is made valid UTF-8 and cut at 4 KiB.
Response error_response(int status, std::string_view message);

/// How a response's head says what becomes of the connection.
enum class Persistence { keep_alive, close };

/// Status line and headers of `response`, up to and with the empty line. The body's length is
/// announced also when the body is not sent (HEAD). Names in `extra` that the response has are left
/// out.
std::string response_head(const Response& response, const std::vector<Field>& extra,
                          Persistence persistence);

/// Whether a response of that status may have a body (RFC 9110, section 6.4.1).
bool status_allows_body(int status);

}  // namespace ccproxy::http
