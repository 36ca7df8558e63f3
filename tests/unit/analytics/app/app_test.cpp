// The whole program in one process: it starts, stores what a proxy sends, and stops without loss.
#include "analytics/app.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "proto/event_codec.hpp"
#include "tests/unit/analytics/bus/proxy_client.hpp"
#include "tests/unit/analytics/store/store_fixture.hpp"
#include "tests/unit/common/http/raw_client.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

struct AppFixture {
    TempFolder directory;
    FixedClock clock;
    Config config;

    AppFixture() {
        config.server.listen_port = 0;
        config.server.threads = 1;
        config.admin_key = "0123456789abcdef";
        config.database_path = directory.file("app.db");
        config.bus = {"ipc://" + directory.file("events.sock"),
                      "ipc://" + directory.file("control.sock")};
        config.logging.flush_interval = std::chrono::milliseconds(60'000);
    }
    [[nodiscard]] std::int64_t rows() const {
        return open_sqlite_reader(config.database_path)->sizes().request_logs;
    }
};

}  // namespace

TEST_CASE("stopping writes and acks what was received", "[app]") {
    AppFixture f;
    App app(f.config, f.clock);
    app.start();
    CHECK(app.api_port() != 0);
    CHECK(app.status().ready);
    CHECK(app.status().started_at_ms == f.clock.now_ms);
    ProxyClient proxy("proxy-1", f.config.bus);
    proxy.say(Hello{"proxy-1", "test", 1, 6, "", 0});
    REQUIRE(proxy.hear<Welcome>());
    for (unsigned seq = 1; seq <= 5; ++seq) proxy.send(seq, make_event(seq));
    // Fewer than a batch, and too young to be written.
    while (app.status().ingest.queue_events < 5) std::this_thread::yield();
    CHECK(f.rows() == 0);
    app.stop();
    CHECK(proxy.hear_ack(5));
    CHECK(f.rows() == 5);
}

TEST_CASE("a deleted conversation takes along what it alone held", "[app]") {
    AppFixture f;
    const Event event = [] {
        Event said = make_event(1);
        said.conversation = Conversation{"", {R"({"role":"user","content":"hello"})"}, "", false};
        return said;
    }();
    {
        const auto writer =
            open_sqlite_writer(f.config.database_path, DayZone::find("UTC").value(), f.clock);
        writer->add_token({"token-1", {}, "ann", "api", 1, std::nullopt});
        writer->change_token_settings("token-1", {true});
        writer->append({make_item(1, event)});
    }
    const auto messages = [&] {
        SQLite::Database database(f.config.database_path, SQLite::OPEN_READONLY);
        return database.execAndGet("SELECT count(*) FROM messages").getInt();
    };
    CHECK(messages() == 1);
    App app(f.config, f.clock);
    app.start();
    const std::vector<http::Field> key{{"X-Admin-Key", f.config.admin_key}};
    const std::string target = "/api/conversations/" + event.id;
    CHECK(http::test::exchange(app.api_port(), "DELETE", target, key).status == 200);
    CHECK(messages() == 0);
    CHECK(http::test::exchange(app.api_port(), "DELETE", target, key).status == 404);
    app.stop();
}

TEST_CASE("an event that waited in quarantine is stored when it is tried again", "[app]") {
    AppFixture f;
    f.config.logging.flush_interval = std::chrono::milliseconds(0);
    {
        const auto writer =
            open_sqlite_writer(f.config.database_path, DayZone::find("UTC").value(), f.clock);
        std::string payload;
        encode_event(make_event(1), payload);
        IngestItem item = make_item(1, {});
        item.content = RejectedEvent{payload, "an earlier version could not read it"};
        writer->append({item});
    }
    App app(f.config, f.clock);
    app.start();
    const std::vector<http::Field> key{{"X-Admin-Key", f.config.admin_key}};
    const std::string target = "/api/system/quarantine/1/retry";
    CHECK(http::test::exchange(app.api_port(), "POST", target, key).status == 200);
    CHECK(http::test::exchange(app.api_port(), "POST", target, key).status == 404);
    CHECK(f.rows() == 1);
    const auto log = open_sqlite_reader(f.config.database_path)->request_log(make_event(1).id);
    REQUIRE(log);
    CHECK(log->cost_nano_usd == PriceTable::built_in().cost_nano_usd(make_event(1)));
    CHECK(log->cost_nano_usd.has_value());
}

TEST_CASE("each start is another instance, over the same data", "[app]") {
    AppFixture f;
    std::string first;
    {
        App app(f.config, f.clock);
        app.start();
        first = app.status().instance_id;
    }
    App app(f.config, f.clock);
    app.start();
    CHECK(app.status().instance_id != first);
}

TEST_CASE("a start that fails says why and leaves nothing running", "[app]") {
    AppFixture f;
    App running(f.config, f.clock);
    running.start();
    Config second = f.config;
    second.database_path = f.directory.file("second.db");
    App refused(second, f.clock);
    CHECK_THROWS_WITH(refused.start(), Catch::Contains("in use by another process"));

    Config taken = f.config;
    taken.bus = {"ipc://" + f.directory.file("e2.sock"), "ipc://" + f.directory.file("c2.sock")};
    taken.server.listen_port = running.api_port();
    App late(taken, f.clock);
    CHECK_THROWS_AS(late.start(), std::runtime_error);
    CHECK(running.status().ready);
}

TEST_CASE("with logging off nothing is kept", "[app]") {
    AppFixture f;
    f.config.logging.enabled = false;
    f.config.logging.flush_interval = std::chrono::milliseconds(0);
    App app(f.config, f.clock);
    app.start();
    ProxyClient proxy("proxy-1", f.config.bus);
    proxy.say(Hello{"proxy-1", "test", 1, 2, "", 0});
    REQUIRE(proxy.hear<Welcome>());
    proxy.send(1, make_event(1));
    CHECK(proxy.hear_ack(1));
    CHECK(f.rows() == 0);
    CHECK_FALSE(app.status().ingest.storing);
}
