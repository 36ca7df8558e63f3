// Coroutines of one thread: a function that returns Task<T> may co_await other tasks and whatever
// else can be awaited.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "proxy/net/frame_memory.hpp"

namespace ccproxy::net {

namespace detail {

struct PromiseBase {
    std::coroutine_handle<> parent = std::noop_coroutine();
    std::exception_ptr failure;

    struct ResumeParent {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept {
            return done.promise().parent;
        }
        void await_resume() const noexcept {}
    };

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] ResumeParent final_suspend() const noexcept { return {}; }
    void unhandled_exception() { failure = std::current_exception(); }

    static void* operator new(std::size_t bytes) { return take_frame(bytes); }
    static void operator delete(void* frame, std::size_t bytes) { give_back_frame(frame, bytes); }
};

template <class T>
struct Promise : PromiseBase {
    std::optional<T> value;
    template <class U>
    void return_value(U&& given) {
        value.emplace(std::forward<U>(given));
    }
    T take() {
        if (failure) std::rethrow_exception(failure);
        return std::move(*value);
    }
};

template <>
struct Promise<void> : PromiseBase {
    void return_void() const noexcept {}
    void take() const {
        if (failure) std::rethrow_exception(failure);
    }
};

}  // namespace detail

/// A coroutine that has not begun. It begins when it is awaited, once, and goes on at once where
/// nothing has to be waited for: the awaiting one is suspended only if this one is. Its exception
/// is thrown where it is awaited.
template <class T>
class [[nodiscard]] Task {
  public:
    struct promise_type : detail::Promise<T> {
        Task get_return_object() {
            return Task(std::coroutine_handle<promise_type>::from_promise(*this));
        }
    };

    Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
    Task& operator=(Task&&) = delete;
    ~Task() {
        if (coroutine_) coroutine_.destroy();
    }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    /// Runs it as a call: however many tasks in a row need not wait, the stack stays as deep as
    /// they are nested, also where the compiler makes no tail calls.
    bool await_suspend(std::coroutine_handle<> parent) const {
        coroutine_.resume();
        if (coroutine_.done()) return false;
        coroutine_.promise().parent = parent;
        return true;
    }
    T await_resume() const { return coroutine_.promise().take(); }

  private:
    explicit Task(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}

    std::coroutine_handle<promise_type> coroutine_;
};

namespace detail {

/// A coroutine that nobody awaits: it destroys itself at its end.
struct Detached {
    struct promise_type {
        [[nodiscard]] Detached get_return_object() const noexcept { return {}; }
        [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
        [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
};

template <class OnEnd>
Detached run_detached(Task<void> task, OnEnd on_end) {
    std::exception_ptr failure;
    try {
        co_await std::move(task);
    } catch (...) {
        failure = std::current_exception();
    }
    on_end(failure);
}

}  // namespace detail

/// Begins `task` now, up to where it first waits. `on_end(std::exception_ptr)` is called after its
/// end and must not throw.
template <class OnEnd>
void spawn(Task<void> task, OnEnd on_end) {
    detail::run_detached(std::move(task), std::move(on_end));
}

}  // namespace ccproxy::net
