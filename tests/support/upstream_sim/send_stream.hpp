// Sends an answer as Server-Sent Events, with its delays and faults.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "tests/support/upstream_sim/answer.hpp"
#include "tests/support/upstream_sim/exchange.hpp"
#include "tests/support/upstream_sim/script.hpp"

namespace upstream_sim {

/// Plays the events of `answer` in that style, which outlives the call. Keeps the record's usage at
/// what was sent so far.
asio::awaitable<Ending> send_stream(Exchange& exchange, int status, const Answer& answer,
                                    Script::Style style);

}  // namespace upstream_sim
