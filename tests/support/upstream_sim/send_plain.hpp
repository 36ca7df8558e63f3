// Sends an answer whose body is known from the start, faults included.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "tests/support/upstream_sim/exchange.hpp"

namespace upstream_sim {

struct PlainAnswer {
    int status = 200;
    std::string body;
    std::vector<Field> fields{};
    std::string content_type = "application/json";
};

/// Sends `answer`, which it may change, and sets the record's status. The answer comes by reference
/// and with a name of its own: g++ 12 destroys aggregate temporaries of a co_await twice.
asio::awaitable<Ending> send_plain(Exchange& exchange, PlainAnswer& answer);

/// An error in the API's shape, with the API's header fields.
PlainAnswer api_error(const Exchange& exchange, int status, std::string_view message);

}  // namespace upstream_sim
