// Small requests of the proxy's own to an upstream, each with its whole answer.
#pragma once

#include <cstddef>
#include <string>

#include "proxy/http/head.hpp"
#include "proxy/upstream/pool.hpp"

namespace ccproxy::upstream {

/// A body that was read to its end, or as far as it came.
struct WholeBody {
    std::string bytes;
    bool whole = false;     ///< As its framing says, and within the limit.
    bool reusable = false;  ///< Its connection can take another request.
};

/// Reads the body of an answer whose head has been read; `input` are the bytes that came behind
/// that. Ends early when a wait on the stream is cancelled.
net::Task<WholeBody> read_body(Connection& connection, const http1::ResponseHead& head,
                               std::string input, std::size_t max_bytes);

struct CallResult {
    std::string failure;  ///< Why there is no answer; empty when there is one.
    bool sent = false;    ///< The upstream has been given the whole request.
    http1::ResponseHead head;
    WholeBody body;
};

/// Sends `request`, head and body, and reads the answer: both are small. Fails when a wait on the
/// stream is cancelled; who calls sets the limit of time.
net::Task<CallResult> call(Connection& connection, std::string request, std::size_t max_body_bytes);

}  // namespace ccproxy::upstream
