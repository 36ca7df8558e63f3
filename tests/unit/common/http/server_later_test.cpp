// Answers that a handler promises and another thread gives.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/common/http/server_fixture.hpp"

namespace ccproxy::http::test {
namespace {

/// Keeps what `later` is given until the test answers.
class Promises {
  public:
    void keep(Respond respond) {
        const std::lock_guard lock(mutex_);
        kept_.push_back(std::move(respond));
        changed_.notify_all();
    }
    /// The oldest that is kept, awaited.
    Respond take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !kept_.empty(); });
        Respond respond = std::move(kept_.front());
        kept_.erase(kept_.begin());
        return respond;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Respond> kept_;
};

struct LaterFixture {
    explicit LaterFixture(ServerOptions options = {})
        : server(options, [this] { return handler(); }) {
        server.start();
    }

    [[nodiscard]] std::uint16_t port() const { return server.port(); }
    /// A connection that waits for a promised answer.
    [[nodiscard]] std::unique_ptr<RawClient> ask() const {
        auto client = std::make_unique<RawClient>(port());
        client->send(request_text("GET", "/later"));
        return client;
    }

    Promises promises;
    Server server;

  private:
    Handler handler() {
        return [this](const Request& request) {
            if (request.path.at(0) == "plain") return json_response(200, "plain");
            Response response = json_response(200, "ignored");
            response.later = [this](Respond respond) { promises.keep(std::move(respond)); };
            if (request.path.at(0) == "throw") {
                response.later = [](const Respond&) { throw std::runtime_error("told to"); };
            }
            return response;
        };
    }
};

ServerOptions one_thread() {
    ServerOptions options;
    options.threads = 1;
    return options;
}

}  // namespace

TEST_CASE("A promised answer holds no thread and comes when it is given", "[http][later]") {
    LaterFixture fixture(one_thread());
    const auto first = fixture.ask();
    const auto second = fixture.ask();
    const Respond to_one = fixture.promises.take();
    const Respond to_other = fixture.promises.take();
    CHECK(exchange(fixture.port(), "GET", "/plain").body == "plain");
    to_one(json_response(201, "given"));
    to_one(json_response(202, "given again"));
    to_other(json_response(201, "given"));
    for (const auto& client : {first.get(), second.get()}) {
        const Answer answer = client->read_answer();
        CHECK(answer.status == 201);
        CHECK(answer.body == "given");
        client->send(request_text("GET", "/plain"));
        CHECK(client->read_answer().body == "plain");
    }
}

TEST_CASE("A promise that is dropped or fails is a 500", "[http][later]") {
    LaterFixture fixture;
    const auto client = fixture.ask();
    fixture.promises.take() = nullptr;
    CHECK(client->read_answer().status == 500);
    CHECK(exchange(fixture.port(), "GET", "/throw").body == R"({"error":"internal error"})");
}

TEST_CASE("A promise may be kept after the client or the server has gone", "[http][later]") {
    ServerOptions options;
    options.stop_timeout = std::chrono::milliseconds(50);
    LaterFixture fixture(options);
    auto gone = fixture.ask();
    const Respond to_gone = fixture.promises.take();
    gone.reset();
    to_gone(json_response(200, "{}"));
    CHECK(exchange(fixture.port(), "GET", "/plain").status == 200);

    const auto waiting = fixture.ask();
    const Respond respond = fixture.promises.take();
    fixture.server.stop();
    CHECK(waiting->is_closed());
    respond(json_response(200, "{}"));
}

}  // namespace ccproxy::http::test
