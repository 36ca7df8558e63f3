// A request on its way to its answer, from the connection to a worker and back. Internal to this
// folder.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "common/http/handoff.hpp"
#include "common/http/message.hpp"
#include "common/http/server.hpp"

namespace ccproxy::http {

/// Shared by the connection and who works on the answer: they have it from the start of the handler
/// until `answered` is finished.
struct Exchange {
    explicit Exchange(const boost::asio::any_io_executor& executor)
        : answered(std::make_shared<Handoff>(executor)) {}

    Request request;
    bool http_1_0 = false;
    bool expects_continue = false;
    Response response;
    Persistence persistence = Persistence::close;
    const std::shared_ptr<Handoff> answered;
};
using ExchangePtr = std::shared_ptr<Exchange>;

/// What a worker does for a request: the answer is in the exchange when the handoff is finished,
/// which is later than this returns where the handler promised one. Does not throw.
void answer_exchange(const ExchangePtr& exchange, const Handler& handler);

}  // namespace ccproxy::http
