#include "proxy/net/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace ccproxy::net {
namespace {

/// A turn is short, since what waits for its end should not wait long, and long enough that asking
/// for events costs next to nothing for each of them.
constexpr int max_events = 64;

UniqueFd checked(int fd, const char* what) {
    if (fd < 0) throw std::system_error(errno, std::system_category(), what);
    return UniqueFd(fd);
}

}  // namespace

EventLoop::EventLoop()
    : epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll")),
      wake_up_(checked(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_up_.get(), &event) != 0) {
        throw std::system_error(errno, std::system_category(), "epoll");
    }
}

EventLoop::~EventLoop() = default;

void EventLoop::run() {
    while (!stopped_) {
        wait();
        while (!awake_.empty()) {
            Wakeable& sleeper = awake_.front();
            awake_.pop_front();
            sleeper.wake();
        }
    }
}

void EventLoop::wait() {
    std::array<epoll_event, max_events> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), max_events, timeout_ms());
    turn_began_ = SteadyClock::now();
    bool posted = false;
    // All of them before any is woken, which may destroy others.
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr) {
            posted = true;
            continue;
        }
        auto& sleeper = *static_cast<Wakeable*>(event.data.ptr);
        sleeper.note(event.events);
        wake_soon(sleeper);
    }
    while (!timers_.empty() && timers_.begin()->first <= turn_began_) {
        Wakeable& timer = *timers_.begin()->second;
        timers_.erase(timers_.begin());
        timer.note(0);
        wake_soon(timer);
    }
    if (posted) run_posted();
}

int EventLoop::timeout_ms() const {
    if (timers_.empty()) return -1;
    const auto left = timers_.begin()->first - SteadyClock::now();
    const auto rounded = std::chrono::ceil<milliseconds>(left).count();
    return static_cast<int>(std::clamp<std::int64_t>(rounded, 0, 60'000));
}

void EventLoop::run_posted() {
    std::uint64_t ignored = 0;
    [[maybe_unused]] const auto read = ::read(wake_up_.get(), &ignored, sizeof ignored);
    std::vector<std::function<void()>> actions;
    {
        const std::lock_guard lock(mutex_);
        actions.swap(posted_);
    }
    for (const auto& action : actions) action();
}

void EventLoop::post(std::function<void()> action) {
    {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(action));
    }
    const std::uint64_t one = 1;
    // It fails only where the loop has been told very often already.
    [[maybe_unused]] const auto put = ::write(wake_up_.get(), &one, sizeof one);
}

void EventLoop::stop() {
    post([this] { stopped_ = true; });
}

bool EventLoop::add(int fd, Wakeable& socket) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &socket;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void EventLoop::wake_soon(Wakeable& sleeper) {
    if (!sleeper.is_linked()) awake_.push_back(sleeper);
}

EventLoop::Timers::iterator EventLoop::add_timer(SteadyClock::time_point moment, Wakeable& timer) {
    return timers_.emplace(moment, &timer);
}

void EventLoop::remove_timer(Timers::iterator timer) {
    timers_.erase(timer);
}

}  // namespace ccproxy::net
