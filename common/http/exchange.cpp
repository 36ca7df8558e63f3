#include "common/http/exchange.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <optional>

namespace ccproxy::http {
namespace {

Response internal_error() {
    return error_response(500, "internal error");
}

/// Runs `step`; what it throws is logged and becomes a 500.
template <class F>
std::optional<Response> failure_of(const Request& request, F step) {
    try {
        step();
        return std::nullopt;
    } catch (const std::exception& error) {
        spdlog::error("a {} request failed: {}", request.method, error.what());
    } catch (...) {
        spdlog::error("a {} request failed", request.method);
    }
    return internal_error();
}

/// The way back of an answer. The connection may be gone when it comes.
class Promise {
  public:
    explicit Promise(const ExchangePtr& exchange) : exchange_(exchange) {}
    ~Promise() { give(internal_error()); }
    Promise(const Promise&) = delete;
    Promise& operator=(const Promise&) = delete;

    void give(Response response) {
        if (given_.exchange(true)) return;
        const ExchangePtr exchange = exchange_.lock();
        if (!exchange) return;
        exchange->response = std::move(response);
        exchange->answered->finish();
    }

  private:
    const std::weak_ptr<Exchange> exchange_;
    std::atomic<bool> given_{false};
};

}  // namespace

void answer_exchange(const ExchangePtr& exchange, const Handler& handler) {
    const auto promise = std::make_shared<Promise>(exchange);
    auto failure = failure_of(exchange->request, [&] {
        Response response = handler(exchange->request);
        if (!response.later) return promise->give(std::move(response));
        response.later([promise](Response answer) { promise->give(std::move(answer)); });
    });
    if (failure) promise->give(std::move(*failure));
}

}  // namespace ccproxy::http
