// Reads the body of a request: by length or chunked (RFC 9112, section 7.1), with a limit.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "tests/support/upstream_sim/connection.hpp"
#include "tests/support/upstream_sim/request.hpp"

namespace upstream_sim {

enum class BodyResult { kRead, kClientGone, kTooLarge, kMalformed };

/// Reads the whole body into `request.body` as it was sent, and its size into
/// `request.received_body_bytes`. Trailer fields are dropped.
///
/// It has a chunk decoder of its own since Beast 1.81 asserts, in a debug build, on a chunk end
/// that is split between reads; no client may stop the simulator.
asio::awaitable<BodyResult> read_body(Connection& connection, Request& request);

}  // namespace upstream_sim
