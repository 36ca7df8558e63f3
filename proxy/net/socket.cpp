#include "proxy/net/socket.hpp"

#include <sys/epoll.h>

#include <utility>

namespace ccproxy::net {

Socket::Socket(EventLoop& loop, UniqueFd fd) : loop_(loop), fd_(std::move(fd)) {
    if (fd_.is_open() && loop_.add(fd_.get(), *this)) return;
    ready_ = {true, true};
    ended_ = true;
}

void Socket::note(std::uint32_t events) {
    const bool failed = (events & (EPOLLHUP | EPOLLERR)) != 0;
    if (failed || (events & EPOLLRDHUP) != 0) ended_ = true;
    if (ended_ || (events & EPOLLIN) != 0) ready_.read = true;
    if (failed || (events & EPOLLOUT) != 0) ready_.write = true;
}

void Socket::wake() {
    if (observer_ != nullptr && ready_.overlaps(observed_)) observer_->on_ready();
    if (!waiter_ || (!cancelled_ && !ready_.overlaps(wanted_))) return;
    // The last of it: the coroutine may destroy this socket.
    std::exchange(waiter_, nullptr).resume();
}

void Socket::observe(SocketObserver* observer, Readiness wanted) {
    observer_ = observer;
    observed_ = wanted;
    if (observer_ != nullptr && ready_.overlaps(observed_)) loop_.wake_soon(*this);
}

void Socket::cancel() {
    if (!waiter_) return;
    cancelled_ = true;
    loop_.wake_soon(*this);
}

void Socket::close() {
    cancel();
    observer_ = nullptr;
    fd_.close();
}

}  // namespace ccproxy::net
