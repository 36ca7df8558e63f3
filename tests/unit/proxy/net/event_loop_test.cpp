#include "proxy/net/event_loop.hpp"

#include <sys/socket.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "proxy/net/endpoint.hpp"
#include "proxy/net/resolver.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/net/task.hpp"
#include "proxy/net/timer.hpp"

namespace ccproxy::net {
namespace {

using std::chrono::milliseconds;

/// Runs until the task has ended; its exception is thrown here.
void run(EventLoop& loop, Task<void> task) {
    std::exception_ptr end;
    spawn(std::move(task), [&](const std::exception_ptr& failure) {
        end = failure;
        loop.stop();
    });
    loop.run();
    if (end) std::rethrow_exception(end);
}

struct Pair {
    UniqueFd near;
    UniqueFd far;
};

/// Two ends of one connection over the loopback.
Pair connected() {
    const UniqueFd listener = listen_at({boost::asio::ip::address_v4::loopback(), 0}, 1);
    int error = 0;
    Pair pair;
    pair.near = start_connecting(
        {boost::asio::ip::address_v4::loopback(), local_port(listener.get())}, error);
    Endpoint peer;
    while (!pair.far.is_open()) pair.far = accept_from(listener.get(), peer);
    return pair;
}

Task<std::string> read_all(Stream& stream) {
    std::string text;
    for (;;) {
        std::array<char, 7> bytes;
        const IoResult read = stream.read_some(bytes.data(), bytes.size());
        text.append(bytes.data(), read.bytes);
        if (read.status == IoStatus::ok) continue;
        if (read.status != IoStatus::wants_read) co_return text;
        co_await stream.wait(read.status);
    }
}

Task<void> write_all(Stream& stream, std::string text) {
    std::string_view left = text;
    while (!left.empty()) {
        const IoResult put = stream.write_some(left);
        left.remove_prefix(put.bytes);
        if (put.status == IoStatus::wants_write) co_await stream.wait(put.status);
        if (put.status == IoStatus::failed) co_return;
    }
    stream.shutdown_send();
}

TEST_CASE("what is posted by other threads is done in order, before a later stop", "[loop]") {
    EventLoop loop;
    std::string order;
    std::thread other([&] {
        for (char c = 'a'; c <= 'z'; ++c) loop.post([&order, c] { order.push_back(c); });
        loop.stop();
    });
    loop.run();
    other.join();
    CHECK(order == "abcdefghijklmnopqrstuvwxyz");
}

TEST_CASE("timers wake in the order of their moments, and a cancelled one at once", "[loop]") {
    EventLoop loop;
    std::string order;
    Timer long_one(loop);
    const auto wait = [&](Timer& timer, milliseconds time, char name) -> Task<void> {
        const bool passed = co_await timer.wait(time);
        order.push_back(name);
        order.push_back(passed ? '+' : '-');
    };
    const auto ignore = [](const std::exception_ptr&) {};
    Timer first(loop);
    Timer second(loop);
    spawn(wait(long_one, milliseconds(3'600'000), 'l'), ignore);
    spawn(wait(second, milliseconds(20), '2'), ignore);
    spawn(wait(first, milliseconds(1), '1'), ignore);
    const auto end = [&]() -> Task<void> {
        Timer timer(loop);
        co_await timer.wait(milliseconds(40));
        long_one.cancel();
        co_await timer.wait(milliseconds(0));
    };
    run(loop, end());
    CHECK(order == "1+2+l-");
}

TEST_CASE("a timer that is destroyed wakes nobody", "[loop]") {
    EventLoop loop;
    auto gone = std::make_unique<Timer>(loop);
    gone->wait(milliseconds(1)).await_suspend(std::noop_coroutine());
    gone.reset();
    const auto end = [&]() -> Task<void> {
        Timer timer(loop);
        co_await timer.wait(milliseconds(5));
    };
    run(loop, end());
}

TEST_CASE("streams carry every byte in both directions, and their ends", "[loop]") {
    EventLoop loop;
    Pair pair = connected();
    Stream near(loop, std::move(pair.near));
    Stream far(loop, std::move(pair.far));
    std::string sent;
    // More than the kernel holds for a connection, so that writing has to wait, too.
    while (sent.size() < 20'000'000) sent += std::to_string(sent.size());
    std::string received;
    const auto exchange = [&]() -> Task<void> {
        spawn(write_all(near, sent), [](const std::exception_ptr&) {});
        received = co_await read_all(far);
        spawn(write_all(far, "answer"), [](const std::exception_ptr&) {});
        received += co_await read_all(near);
    };
    run(loop, exchange());
    CHECK(received == sent + "answer");
}

TEST_CASE("an end that came with the last bytes is seen after them", "[loop]") {
    EventLoop loop;
    Pair pair = connected();
    REQUIRE(::send(pair.far.get(), "bye", 3, 0) == 3);
    pair.far.close();
    Stream near(loop, std::move(pair.near));
    std::string received;
    const auto read = [&]() -> Task<void> { received = co_await read_all(near); };
    run(loop, read());
    CHECK(received == "bye");
}

TEST_CASE("a stream is quiet until its peer says something or leaves", "[loop]") {
    const bool leaves = GENERATE(false, true);
    EventLoop loop;
    Pair pair = connected();
    Stream near(loop, std::move(pair.near));
    const auto test = [&]() -> Task<void> {
        CHECK(near.is_quiet());
        if (leaves) {
            pair.far.close();
        } else {
            ::send(pair.far.get(), "x", 1, 0);
        }
        co_await near.wait(IoStatus::wants_read);
        CHECK_FALSE(near.is_quiet());
    };
    run(loop, test());
}

TEST_CASE("a wait that is cancelled says so; the next one waits again", "[loop]") {
    EventLoop loop;
    Pair pair = connected();
    Stream near(loop, std::move(pair.near));
    std::string order;
    const auto test = [&]() -> Task<void> {
        const bool first = co_await near.wait(IoStatus::wants_read);
        order += first ? "readable " : "cancelled ";
        ::send(pair.far.get(), "x", 1, 0);
        const bool second = co_await near.wait(IoStatus::wants_read);
        order += second ? "readable" : "cancelled";
    };
    near.cancel();  // Nobody waits yet: it means nothing.
    loop.post([&] { near.cancel(); });
    run(loop, test());
    CHECK(order == "cancelled readable");
}

struct Observer final : SocketObserver {
    Stream* stream = nullptr;
    std::string seen;
    void on_ready() override {
        std::array<char, 100> bytes;
        IoResult read;
        while ((read = stream->read_some(bytes.data(), bytes.size())).status == IoStatus::ok) {
            seen.append(bytes.data(), read.bytes);
        }
        if (read.status != IoStatus::closed) return;
        seen += "|end";
        stream->observe(nullptr);
    }
};

TEST_CASE("two texts are written one behind the other, whatever their sizes", "[loop]") {
    EventLoop loop;
    Pair pair = connected();
    Stream near(loop, std::move(pair.near));
    for (const std::size_t size : {0, 1, 2047, 2048, 2049, 5000}) {
        const std::string first(size, 'a');
        const std::string second(2048, 'b');
        const IoResult put = near.write_some(first, second);
        CHECK(put.status == IoStatus::ok);
        CHECK(put.bytes == first.size() + second.size());
        std::string read(put.bytes, ' ');
        CHECK(::recv(pair.far.get(), read.data(), read.size(), MSG_WAITALL) ==
              static_cast<ssize_t>(read.size()));
        CHECK(read == first + second);
    }
}

TEST_CASE("an observer hears of bytes and of the end while another waits to write", "[loop]") {
    EventLoop loop;
    Pair pair = connected();
    Stream near(loop, std::move(pair.near));
    Observer observer;
    observer.stream = &near;
    near.observe(&observer);
    const auto fill = [&]() -> Task<void> {
        const std::string block(1 << 20, 'x');
        IoResult put;
        while ((put = near.write_some(block)).status == IoStatus::ok) continue;
        CHECK(put.status == IoStatus::wants_write);
        ::send(pair.far.get(), "hello", 5, 0);
        ::shutdown(pair.far.get(), SHUT_WR);
        Timer timer(loop);
        while (observer.seen != "hello|end") co_await timer.wait(milliseconds(1));
        std::string drained(1 << 20, '\0');
        while (::recv(pair.far.get(), drained.data(), drained.size(), MSG_DONTWAIT) > 0) continue;
        const bool writable = co_await near.wait(IoStatus::wants_write);
        CHECK(writable);
        near.observe(nullptr);
    };
    run(loop, fill());
    CHECK(observer.seen == "hello|end");
}

TEST_CASE("a stream may be destroyed by what another's event leads to", "[loop]") {
    EventLoop loop;
    Pair first = connected();
    Pair second = connected();
    auto one = std::make_unique<Stream>(loop, std::move(first.near));
    auto two = std::make_unique<Stream>(loop, std::move(second.near));
    // Both have something in the same turn of the loop, and whoever is first removes the other.
    ::send(first.far.get(), "x", 1, 0);
    ::send(second.far.get(), "x", 1, 0);
    struct Remover final : SocketObserver {
        std::unique_ptr<Stream>* other = nullptr;
        EventLoop* its_loop = nullptr;
        void on_ready() override {
            other->reset();
            its_loop->stop();
        }
    };
    Remover of_two;
    of_two.other = &two;
    of_two.its_loop = &loop;
    Remover of_one;
    of_one.other = &one;
    of_one.its_loop = &loop;
    one->observe(&of_two);
    two->observe(&of_one);
    loop.run();
    CHECK((one == nullptr) != (two == nullptr));
}

TEST_CASE("connecting to a port where nobody listens says why it failed", "[loop]") {
    EventLoop loop;
    std::uint16_t port = 0;
    {
        const UniqueFd listener = listen_at({boost::asio::ip::address_v4::loopback(), 0}, 1);
        port = local_port(listener.get());
    }
    int error = 0;
    UniqueFd socket = start_connecting({boost::asio::ip::address_v4::loopback(), port}, error);
    Stream stream(loop, std::move(socket));
    const auto test = [&]() -> Task<void> {
        if (error == EINPROGRESS) {
            co_await stream.wait(IoStatus::wants_write);
            error = stream.connect_error();
        }
        CHECK(error == ECONNREFUSED);
    };
    run(loop, test());
}

TEST_CASE("addresses resolve at once, names by the system, unknown ones to nothing", "[loop]") {
    EventLoop loop;
    Resolver resolver(loop);
    const auto test = [&]() -> Task<void> {
        const Endpoints address = co_await resolver.resolve("192.0.2.7", "8080");
        REQUIRE(address.size() == 1);
        CHECK(address[0].address().to_string() == "192.0.2.7");
        CHECK(address[0].port() == 8080);
        const Endpoints name = co_await resolver.resolve("localhost", "443");
        REQUIRE_FALSE(name.empty());
        CHECK(name[0].address().is_loopback());
        CHECK(name[0].port() == 443);
        const Endpoints none = co_await resolver.resolve("no such name", "443");
        CHECK(none.empty());
    };
    run(loop, test());
}

}  // namespace
}  // namespace ccproxy::net
