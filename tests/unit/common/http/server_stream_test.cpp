// Bodies that are made in pieces: what reaches the client, and when the work stops.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/common/http/server_fixture.hpp"

namespace ccproxy::http::test {
namespace {

/// More than the buffers of two sockets.
constexpr std::size_t huge_bytes = 16 * 1024 * 1024;

/// Counts, with a wait for the count.
class Tally {
  public:
    void add() {
        const std::lock_guard lock(mutex_);
        ++count_;
        changed_.notify_all();
    }
    /// False when the count is not reached in ten seconds.
    bool reach(int count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return count_ >= count; });
    }
    int count() {
        const std::lock_guard lock(mutex_);
        return count_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int count_ = 0;
};

struct StreamFixture {
    explicit StreamFixture(ServerOptions options = {})
        : server(options, [this] { return handler(); }) {
        server.start();
    }
    ~StreamFixture() {
        gate.open();
        server.stop();
    }
    StreamFixture(const StreamFixture&) = delete;
    StreamFixture& operator=(const StreamFixture&) = delete;

    [[nodiscard]] std::uint16_t port() const { return server.port(); }

    Gate gate;
    Tally pieces, ended;
    Server server;

  private:
    class Source final : public BodySource {
      public:
        Source(StreamFixture& fixture, std::string kind)
            : fixture_(fixture), kind_(std::move(kind)) {}
        ~Source() override { fixture_.ended.add(); }

        bool next(std::string& piece) override {
            CHECK(piece.empty());
            ++made_;
            fixture_.pieces.add();
            if (kind_ == "empty") return false;
            if (kind_ == "endless") piece = std::string(huge_bytes, 'x');
            if (kind_ == "endless" || kind_ == "silent") return true;
            if (kind_ == "gate") fixture_.gate.wait();
            if (kind_ == "fail" && made_ == 3) throw std::runtime_error("told to");
            if (kind_ == "fail-odd" && made_ == 3) throw 7;
            // Empty pieces between the others.
            if (made_ % 2 == 1) piece = "piece " + std::to_string(made_) + "\n";
            return made_ < 6;
        }

      private:
        StreamFixture& fixture_;
        const std::string kind_;
        int made_ = 0;
    };

    Handler handler() {
        return [this](const Request& request) {
            const std::string kind = request.path.empty() ? "" : request.path[0];
            if (kind == "plain") return json_response(200, "plain");
            Response response;
            response.headers.push_back({"content-type", "text/plain"});
            response.source = std::make_shared<Source>(*this, kind);
            return response;
        };
    }
};

const std::string whole = "piece 1\npiece 3\npiece 5\n";

/// The head and the first piece of a body that never ends on its own.
std::unique_ptr<RawClient> start(const StreamFixture& fixture, const std::string& kind) {
    auto client = std::make_unique<RawClient>(fixture.port());
    client->send(request_text("GET", "/" + kind));
    CHECK(client->read_answer(false).status == 200);
    return client;
}

}  // namespace

TEST_CASE("A body made in pieces arrives in chunks, and the connection is kept", "[http][stream]") {
    StreamFixture fixture;
    RawClient client(fixture.port());
    for (int i = 1; i <= 3; ++i) {
        client.send(request_text("GET", "/pieces"));
        const Answer answer = client.read_answer();
        CHECK(answer.status == 200);
        CHECK(answer.header("transfer-encoding") == "chunked");
        CHECK(answer.header("content-length").empty());
        CHECK(answer.header("content-type") == "text/plain");
        CHECK(answer.body == whole);
        CHECK(fixture.ended.reach(i));
    }
}

TEST_CASE("A body made in pieces may be empty", "[http][stream]") {
    const StreamFixture fixture;
    RawClient client(fixture.port());
    client.send(request_text("GET", "/empty") + request_text("GET", "/plain"));
    CHECK(client.read_answer().body.empty());
    CHECK(client.read_answer().body == "plain");
}

TEST_CASE("Requests sent behind one with a long answer wait for it", "[http][stream]") {
    const StreamFixture fixture;
    RawClient client(fixture.port());
    client.send(request_text("GET", "/pieces") + request_text("GET", "/plain") +
                request_text("GET", "/pieces"));
    CHECK(client.read_answer().body == whole);
    CHECK(client.read_answer().body == "plain");
    CHECK(client.read_answer().body == whole);
}

TEST_CASE("HTTP/1.0 gets the pieces without chunks, up to the close", "[http][stream]") {
    const StreamFixture fixture;
    RawClient client(fixture.port());
    client.send("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const Answer answer = client.read_answer();
    CHECK(answer.header("transfer-encoding").empty());
    CHECK(answer.header("connection") == "close");
    CHECK(client.read_to_end() == whole);
}

TEST_CASE("HEAD makes no piece", "[http][stream]") {
    StreamFixture fixture;
    RawClient client(fixture.port());
    client.send(request_text("HEAD", "/pieces") + request_text("GET", "/plain"));
    CHECK(client.read_answer(false).header("transfer-encoding") == "chunked");
    CHECK(client.read_answer().body == "plain");
    CHECK(fixture.pieces.count() == 0);
    CHECK(fixture.ended.reach(1));
}

TEST_CASE("A source that fails breaks the answer off", "[http][stream]") {
    StreamFixture fixture;
    for (const char* kind : {"fail", "fail-odd"}) {
        const auto client = start(fixture, kind);
        CHECK(client->read_chunk() == "piece 1\n");
        CHECK_THROWS_WITH(client->read_chunk(), "closed before a chunk");
    }
    CHECK(fixture.ended.reach(2));
    CHECK(exchange(fixture.port(), "GET", "/pieces").body == whole);
}

TEST_CASE("A client that leaves stops the work", "[http][stream]") {
    StreamFixture fixture;
    SECTION("while it does not read") {
        start(fixture, "endless").reset();
    }
    SECTION("while nothing is there to be written") {
        auto client = start(fixture, "silent");
        CHECK(fixture.pieces.reach(100));
        client.reset();
    }
    SECTION("while a piece is made") {
        auto client = start(fixture, "gate");
        fixture.gate.await_waiting(1);
        client.reset();
        CHECK(fixture.ended.count() == 0);
        fixture.gate.open();
    }
    CHECK(fixture.ended.reach(1));
}

TEST_CASE("A client that does not read holds neither a thread nor memory", "[http][stream]") {
    ServerOptions options;
    options.threads = 1;
    StreamFixture fixture(options);
    const auto slow = start(fixture, "endless");
    CHECK(fixture.pieces.reach(1));
    for (int i = 0; i < 20; ++i) CHECK(exchange(fixture.port(), "GET", "/plain").body == "plain");
    CHECK(fixture.pieces.count() == 1);
    CHECK(slow->read_chunk().size() == huge_bytes);
    CHECK(fixture.pieces.reach(2));
}

TEST_CASE("A client that takes nothing for too long is left", "[http][stream]") {
    ServerOptions options;
    options.write_timeout = std::chrono::milliseconds(50);
    StreamFixture fixture(options);
    const auto stalled = start(fixture, "endless");
    CHECK(fixture.ended.reach(1));
}

TEST_CASE("Long answers at once are limited", "[http][stream]") {
    ServerOptions options;
    options.max_streams = 2;
    StreamFixture fixture(options);
    auto first = start(fixture, "endless");
    const auto second = start(fixture, "endless");
    CHECK(fixture.pieces.reach(2));
    const Answer refused = exchange(fixture.port(), "GET", "/pieces");
    CHECK(refused.status == 503);
    CHECK(refused.header("retry-after") == "1");
    CHECK(refused.body == R"({"error":"too many long answers are under way already"})");
    CHECK(exchange(fixture.port(), "GET", "/plain").status == 200);
    CHECK(exchange(fixture.port(), "HEAD", "/pieces").status == 200);
    REQUIRE(fixture.ended.reach(2));  // That of the refused one and that of the HEAD.
    first.reset();
    REQUIRE(fixture.ended.reach(3));
    CHECK(exchange(fixture.port(), "GET", "/pieces").body == whole);
}

TEST_CASE("Stopping breaks long answers off", "[http][stream]") {
    ServerOptions options;
    options.stop_timeout = std::chrono::milliseconds(50);
    StreamFixture fixture(options);
    SECTION("while a piece is written") {
        const auto client = start(fixture, "endless");
        CHECK(fixture.pieces.reach(1));
        fixture.server.stop();
    }
    SECTION("while a piece is made") {
        const auto client = start(fixture, "gate");
        fixture.gate.await_waiting(1);
        std::thread stopper([&] { fixture.server.stop(); });
        CHECK_THROWS_WITH(client->read_chunk(), "closed before a chunk");
        fixture.gate.open();
        stopper.join();
    }
    SECTION("while there is nothing to write") {
        const auto client = start(fixture, "silent");
        CHECK(fixture.pieces.reach(1));
        fixture.server.stop();
    }
    CHECK(fixture.ended.reach(1));
}

TEST_CASE("Stopping lets a long answer end in time", "[http][stream]") {
    StreamFixture fixture;
    const auto client = start(fixture, "gate");
    fixture.gate.await_waiting(1);
    std::thread stopper([&] { fixture.server.stop(); });
    fixture.gate.open();
    std::string body;
    for (std::string chunk; !(chunk = client->read_chunk()).empty();) body += chunk;
    CHECK(body == whole);
    stopper.join();
}

}  // namespace ccproxy::http::test
