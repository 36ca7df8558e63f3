// A server with handlers that the tests steer: what they were asked, and when they may answer.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "common/http/server.hpp"
#include "tests/unit/common/http/raw_client.hpp"

namespace ccproxy::http::test {

/// Handlers wait here until the test opens it.
class Gate {
  public:
    void wait() {
        std::unique_lock lock(mutex_);
        ++waiting_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    /// Returns when that many handlers have come.
    void await_waiting(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return waiting_ >= count; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int waiting_ = 0;
    bool open_ = false;
};

struct ServerFixture {
    explicit ServerFixture(ServerOptions options = {})
        : server(with_headers(std::move(options)), [this] { return handler(); }) {
        server.start();
    }
    ~ServerFixture() {
        gate.open();
        server.stop();
    }
    ServerFixture(const ServerFixture&) = delete;
    ServerFixture& operator=(const ServerFixture&) = delete;

    /// Size of the answer to /wait-huge: more than the buffers of two sockets.
    static constexpr std::size_t huge_bytes = 64 * 1024 * 1024;

    [[nodiscard]] std::uint16_t port() const { return server.port(); }

    Gate gate;
    std::atomic<int> requests = 0;
    Server server;

  private:
    static ServerOptions with_headers(ServerOptions options) {
        options.extra_headers = {{"x-content-type-options", "nosniff"}};
        return options;
    }

    Handler handler() {
        return [this](const Request& request) {
            ++requests;
            const std::string first = request.path.empty() ? "" : request.path[0];
            if (first == "throw") throw std::runtime_error("told to");
            if (first == "throw-odd") throw 7;
            if (first == "wait") gate.wait();
            if (first == "wait-huge") {
                gate.wait();
                return json_response(200, std::string(huge_bytes, 'x'));
            }
            if (first == "large") return json_response(200, std::string(3'000'000, 'x'));
            if (first == "whose") return json_response(200, request.client.text());
            if (first == "empty") return Response{204, {}, ""};
            if (first == "trailer") {
                return json_response(
                    200, std::string(find_header(request.headers, "x-late").value_or("none")));
            }
            return json_response(200, request.method + " " + first + " " + request.body);
        };
    }
};

}  // namespace ccproxy::http::test
