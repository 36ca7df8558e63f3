// A request and a response as plain values: what a handler sees of HTTP.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/address.hpp"

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
    net::Address client;  ///< Whose request it is, also where trusted proxies stand between.
};

/// Makes a body that is too large to hold, piece by piece. Used by one thread at a time, though not
/// always by the same one; destroyed by any, as soon as nobody wants the body any more.
class BodySource {
  public:
    virtual ~BodySource() = default;
    /// Appends the next bytes to `piece`, which is empty; false when they were the last. A piece
    /// may be empty, and then nothing is sent. It should take milliseconds to make: other calls
    /// wait for the thread, and a client that left is noticed between two pieces. When it throws,
    /// the connection is broken off, so that the client knows that it has not got all.
    virtual bool next(std::string& piece) = 0;
};

struct Response;
/// Gives an answer that was promised. From any thread, while the server exists; only the first call
/// counts.
using Respond = std::function<void(Response)>;

/// Content-Length or Transfer-Encoding, Connection and the server's own headers are added when it
/// is sent.
struct Response {
    int status = 200;
    std::vector<Field> headers;
    std::string body;
    /// Makes the body instead, which then has no announced length.
    std::shared_ptr<BodySource> source = nullptr;
    /// When set, all the rest is ignored: this is called at once, by the thread of the handler, and
    /// the answer is what `respond` is given, at some later time, while no thread waits. When every
    /// copy of `respond` is gone without having been called, the client gets a 500.
    std::function<void(Respond respond)> later = nullptr;
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

/// How a response's head says where its body ends. HTTP/1.0 knows no chunks.
enum class Framing { length, chunked, until_close };

/// Status line and headers of `response`, up to and with the empty line. The body's length is
/// announced also when the body is not sent (HEAD). Names in `extra` that the response has are left
/// out.
std::string response_head(const Response& response, const std::vector<Field>& extra,
                          Persistence persistence, Framing framing = Framing::length);

/// Whether a response of that status may have a body (RFC 9110, section 6.4.1).
bool status_allows_body(int status);

}  // namespace ccproxy::http
