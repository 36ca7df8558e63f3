#include "common/http/handoff.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ccproxy::http {

namespace asio = boost::asio;

Handoff::Handoff(const asio::any_io_executor& executor)
    : changed_(executor, asio::steady_timer::time_point::max()) {}

void Handoff::finish() {
    asio::post(changed_.get_executor(), [self = shared_from_this()] {
        self->finished_ = true;
        self->changed_.cancel();
    });
}

asio::awaitable<bool> Handoff::wait() {
    constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
    while (!finished_ && !given_up_) co_await changed_.async_wait(as_result);
    co_return finished_;
}

void Handoff::give_up() {
    given_up_ = true;
    changed_.cancel();
}

}  // namespace ccproxy::http
