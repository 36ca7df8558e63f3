// Reads the head of a request and refuses framing that is not clean.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "tests/support/upstream_sim/connection.hpp"
#include "tests/support/upstream_sim/request.hpp"

namespace upstream_sim {

struct HeadResult {
    enum class Kind { kRead, kClosed, kRefused } kind = Kind::kClosed;
    int status = 0;       ///< to answer with when refused; the connection then closes
    std::string message;  ///< why
};

/// Reads one head into `request`, which is empty before. The simulator is stricter than Beast, so
/// that a proxy which forwards ambiguous framing (RFC 9112, section 11.2) is found out.
asio::awaitable<HeadResult> read_head(Connection& connection, Request& request);

}  // namespace upstream_sim
