#include "proxy/net/task.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace ccproxy::net {
namespace {

/// Something to wait for that the test ends by hand.
struct Gate {
    std::coroutine_handle<> waiter;
    [[nodiscard]] bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) { waiter = handle; }
    void await_resume() const {}
    void open() { std::exchange(waiter, nullptr).resume(); }
};

Task<int> at_once(int value) {
    co_return value;
}

Task<std::string> through(Gate& gate, std::string text) {
    co_await gate;
    co_return text + "!";
}

Task<std::string> nested(Gate& gate) {
    const std::string first = co_await through(gate, "one");
    const std::string second = co_await through(gate, "two");
    co_return first + second;
}

Task<int> failing(Gate& gate) {
    co_await gate;
    throw std::runtime_error("as planned");
}

Task<void> store(Task<std::string> task, std::string& result) {
    result = co_await std::move(task);
}

TEST_CASE("a task that need not wait is a call", "[task]") {
    int sum = 0;
    bool ended = false;
    const auto add_up = [](int& total) -> Task<void> {
        // So many that the stack would not hold them, were they nested.
        for (int i = 0; i < 1'000'000; ++i) total += co_await at_once(1);
    };
    spawn(add_up(sum), [&ended](const std::exception_ptr& failure) { ended = !failure; });
    CHECK(ended);
    CHECK(sum == 1'000'000);
}

TEST_CASE("a task goes on where it waited, as often as it waits", "[task]") {
    Gate gate;
    std::string result;
    bool ended = false;
    spawn(store(nested(gate), result), [&ended](const std::exception_ptr&) { ended = true; });
    CHECK_FALSE(ended);
    gate.open();
    CHECK_FALSE(ended);
    gate.open();
    CHECK(ended);
    CHECK(result == "one!two!");
}

TEST_CASE("an exception is thrown where the task is awaited", "[task]") {
    Gate gate;
    std::string caught;
    const auto watch = [](Gate& its, std::string& text) -> Task<void> {
        try {
            co_await failing(its);
        } catch (const std::runtime_error& error) {
            text = error.what();
        }
    };
    bool failed = true;
    spawn(watch(gate, caught),
          [&failed](const std::exception_ptr& failure) { failed = !!failure; });
    gate.open();
    CHECK(caught == "as planned");
    CHECK_FALSE(failed);
}

TEST_CASE("an exception that nobody catches reaches the end of a spawned task", "[task]") {
    Gate gate;
    const auto run = [](Gate& its) -> Task<void> { co_await failing(its); };
    std::exception_ptr end;
    spawn(run(gate), [&end](const std::exception_ptr& failure) { end = failure; });
    CHECK(end == nullptr);
    gate.open();
    CHECK_THROWS_WITH(std::rethrow_exception(end), "as planned");
}

TEST_CASE("what a task holds is destroyed with it, begun or not", "[task]") {
    const auto held = std::make_shared<int>(1);
    const auto hold = [](std::shared_ptr<int> mine) -> Task<void> {
        CHECK(mine != nullptr);
        co_return;
    };
    { const Task<void> never_begun = hold(held); }
    CHECK(held.use_count() == 1);
    spawn(hold(held), [](const std::exception_ptr&) {});
    CHECK(held.use_count() == 1);
}

TEST_CASE("freed frames are given out again, and only so many are kept", "[task]") {
    std::vector<void*> frames;
    for (int i = 0; i < 200; ++i) frames.push_back(take_frame(100));
    for (void* frame : frames) give_back_frame(frame, 100);
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{4096}, std::size_t{100'000}}) {
        void* frame = take_frame(bytes);
        std::memset(frame, 1, bytes);
        give_back_frame(frame, bytes);
    }
    void* first = take_frame(128);
    void* second = take_frame(65);
    CHECK(first != second);
    give_back_frame(first, 128);
    give_back_frame(second, 65);
}

}  // namespace
}  // namespace ccproxy::net
