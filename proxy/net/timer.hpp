// A moment that one coroutine waits for.
#pragma once

#include <coroutine>
#include <optional>

#include "proxy/net/event_loop.hpp"

namespace ccproxy::net {

/// For the loop's thread. To be awaited by one coroutine at a time, which owns it.
class Timer final : private Wakeable {
  public:
    explicit Timer(EventLoop& loop) : loop_(loop) {}
    ~Timer() { forget(); }

    /// `co_await timer.wait(time)`: false when cancel() was called first.
    auto wait(milliseconds time) {
        struct Wait {
            Timer& timer;
            milliseconds time;
            [[nodiscard]] bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<> waiter) { timer.start(time, waiter); }
            bool await_resume() const noexcept { return timer.has_passed_; }
        };
        return Wait{*this, time};
    }

    /// Ends the wait, if there is one.
    void cancel() {
        if (!entry_) return;
        forget();
        loop_.wake_soon(*this);
    }

  private:
    void start(milliseconds time, std::coroutine_handle<> waiter) {
        waiter_ = waiter;
        has_passed_ = false;
        entry_ = loop_.add_timer(SteadyClock::now() + time, *this);
    }
    void forget() {
        if (entry_) loop_.remove_timer(*entry_);
        entry_.reset();
    }
    void note(std::uint32_t) override {
        entry_.reset();
        has_passed_ = true;
    }
    void wake() override { waiter_.resume(); }

    EventLoop& loop_;
    std::coroutine_handle<> waiter_;
    std::optional<EventLoop::Timers::iterator> entry_;
    bool has_passed_ = false;
};

}  // namespace ccproxy::net
