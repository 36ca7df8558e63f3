// The heads of HTTP/1 messages: found in a buffer, parsed, and checked so strictly that no other
// server can read the framing differently.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.hpp"
#include "proxy/http/fields.hpp"

namespace ccproxy::http1 {

/// How the end of a message's body is found (RFC 9112, section 6.3).
struct Framing {
    enum class Kind { none, length, chunked, until_close };
    Kind kind = Kind::none;
    std::uint64_t length = 0;  ///< Only for Kind::length.
};

struct RequestHead {
    std::string method;
    std::string target;  ///< As sent.
    int minor_version = 1;
    Fields fields;
    Framing framing;
    bool keep_alive = true;
    bool expects_continue = false;
};

struct ResponseHead {
    int status = 0;
    Fields fields;
    Framing framing;
    bool keep_alive = true;
};

/// Bytes up to and including the empty line that ends a head; 0 while it is not there.
std::size_t find_head_end(std::string_view buffer);

/// Whether what has come so far holds the head of an answer, or can still become one: a peer that
/// speaks something else, or ends its lines otherwise, is not waited for.
bool may_become_response(std::string_view buffer);

/// Parses one whole head, as found by find_head_end. Fails on everything that two servers might
/// read differently: obs-fold, bare LF, control characters, more than one Host or none,
/// Transfer-Encoding that is not exactly `chunked` or comes in HTTP/1.0, Transfer-Encoding beside
/// Content-Length, several Content-Lengths.
Result<RequestHead> parse_request_head(std::string_view head);

/// The same for an upstream's answer to a request of the given method. 1xx heads have framing
/// `none`.
Result<ResponseHead> parse_response_head(std::string_view head, std::string_view method);

}  // namespace ccproxy::http1
