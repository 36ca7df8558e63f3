// Events are stored once, whatever comes twice, and watermarks say how far.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "tests/unit/analytics/store/store_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

TEST_CASE("an event comes back as it went in", "[store]") {
    StoreFixture store;
    Event full = make_event(1);
    full.error_message = "\xE8\xB6\x85\xE6\x97\xB6";
    full.agent_id = "agent-7";
    Event bare;
    bare.id = make_event(2).id;
    bare.token_id = "token-2";
    bare.request_at_ms = 5;
    bare.response_at_ms = 6;
    bare.status_code = 502;
    store.writer->append({make_item(1, full, 123), make_item(2, bare, std::nullopt)});

    const auto reader = store.reader();
    const std::optional<RequestLog> log = reader->request_log(full.id);
    REQUIRE(log);
    CHECK(log->event == full);
    CHECK(log->proxy_id == "proxy-1");
    CHECK(log->cost_nano_usd == 123);
    const std::optional<RequestLog> other = reader->request_log(bare.id);
    REQUIRE(other);
    CHECK(other->event == bare);
    CHECK_FALSE(other->cost_nano_usd);
    CHECK_FALSE(reader->request_log(make_event(3).id));
}

TEST_CASE("what is not known is NULL and never 0", "[store]") {
    StoreFixture store;
    Event event = make_event(1);
    event.usage = {};
    event.usage_source = UsageSource::none;
    event.ttft_ms.reset();
    event.account_id.clear();
    store.writer->append({make_item(1, event, std::nullopt)});
    CHECK(store.query("SELECT prompt_tokens, completion_tokens, total_tokens, "
                      "cache_creation_5m_tokens, cache_creation_1h_tokens, cache_read_tokens, "
                      "ttft_ms, cost_nano_usd, account_id FROM request_logs") ==
          "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL");
    Event zero = make_event(2);
    zero.usage = {};
    store.writer->append({make_item(2, zero)});
    CHECK(store.query("SELECT prompt_tokens, total_tokens FROM request_logs WHERE id = '" +
                      zero.id + "'") == "0|0");
}

TEST_CASE("a batch that comes again changes nothing", "[store]") {
    StoreFixture store;
    const std::vector<IngestItem> batch{make_item(1, make_event(1)), make_item(2, make_event(2))};
    CHECK(store.writer->append(batch).rows == 2);
    const std::string before = store.query("SELECT * FROM usage_stats_daily");
    const AppendReport again = store.writer->append(batch);
    CHECK(again.rows == 0);
    CHECK(again.ignored == 2);
    CHECK(store.query("SELECT * FROM usage_stats_daily") == before);
    CHECK(store.reader()->sizes().request_logs == 2);
    CHECK(store.query("SELECT count(*) FROM request_logs") == "2");
    CHECK(store.query("SELECT received, watermark FROM proxies") == "2|2");
}

TEST_CASE("an id that is known under another seq is not stored again", "[store]") {
    StoreFixture store;
    store.writer->append({make_item(1, make_event(1))});
    const std::string before = store.query("SELECT * FROM usage_stats_daily");
    const AppendReport report =
        store.writer->append({make_item(2, make_event(1)), make_item(3, make_event(1))});
    CHECK(report.rows == 0);
    CHECK(report.duplicate_ids == 2);
    CHECK(store.query("SELECT * FROM usage_stats_daily") == before);
    CHECK(store.query("SELECT count(*) FROM request_logs") == "1");
    CHECK(store.writer->watermarks() == std::map<std::string, std::uint64_t>{{"proxy-1", 3}});
}

TEST_CASE("events of a large batch are stored as each would be alone", "[store]") {
    std::vector<IngestItem> items;
    for (unsigned seq = 1; seq <= 60; ++seq) items.push_back(make_item(seq, make_event(seq)));
    const auto event = [&](std::size_t seq) -> Event& {
        return std::get<PricedEvent>(items[seq - 1].content).event;
    };
    event(7).id = event(5).id;
    event(24).id = event(3).id;
    event(40).attempts = -1;  // Only the table's own CHECK sees this one,
    event(41).duration_ms = -1;
    items[41].content = RejectedEvent{"{", "not JSON"};
    event(50).token_id = "token-2";
    event(51).attempts_detail = {{"account-2", 529, "overloaded", 12}};

    StoreFixture together, alone;
    const AppendReport report = together.writer->append(items);
    CHECK(report.rows == 55);
    CHECK(report.duplicate_ids == 2);
    CHECK(report.quarantined == std::map<std::string, std::uint64_t>{{"proxy-1", 3}});
    for (const IngestItem& item : items) alone.writer->append({item});
    for (const char* table : {"request_logs ORDER BY id", "usage_stats_daily", "usage_daily",
                              "usage_hourly", "counters", "proxies", "tokens"}) {
        CAPTURE(table);
        const std::string rows = together.query(std::string("SELECT * FROM ") + table);
        CHECK(rows == alone.query(std::string("SELECT * FROM ") + table));
    }
    const std::string kept = "SELECT seq, reason FROM quarantine ORDER BY seq";
    CHECK(together.query(kept) == alone.query(kept));
}

TEST_CASE("watermarks are kept for each proxy and over a restart", "[store]") {
    StoreFixture store;
    IngestItem other = make_item(41, make_event(2));
    other.proxy_id = "proxy-2";
    store.writer->append({make_item(7, make_event(1)), other});
    const std::map<std::string, std::uint64_t> expected{{"proxy-1", 7}, {"proxy-2", 41}};
    CHECK(store.writer->watermarks() == expected);
    store.writer.reset();
    store.writer = store.open("UTC");
    CHECK(store.writer->watermarks() == expected);
}

TEST_CASE("a proxy whose numbers go back is taken on, each event once", "[store]") {
    StoreFixture store;
    store.writer->append(
        {make_item(1, make_event(1)), make_item(2, make_event(2)), make_item(3, make_event(3))});
    // The journal lost its last event; its number 3 is now another event.
    IngestItem first = make_item(2, make_event(2));
    first.rewinds = true;
    const AppendReport report = store.writer->append({first, make_item(3, make_event(33))});
    CHECK(report.rows == 1);
    CHECK(report.duplicate_ids == 1);
    CHECK(report.ignored == 0);
    CHECK(store.query("SELECT count(*) FROM request_logs") == "4");
    CHECK(store.writer->watermarks().at("proxy-1") == 3);
}

TEST_CASE("discarding moves the watermark and stores nothing", "[store]") {
    StoreFixture store;
    IngestItem rejected = make_item(2, make_event(2));
    rejected.content = RejectedEvent{"{", "not JSON"};
    store.writer->discard({make_item(1, make_event(1)), rejected});
    CHECK(store.writer->watermarks().at("proxy-1") == 2);
    CHECK(store.query("SELECT (SELECT count(*) FROM request_logs), (SELECT count(*) FROM "
                      "quarantine), (SELECT count(*) FROM usage_stats_daily)") == "0|0|0");
}

TEST_CASE("a failing transaction leaves nothing and the next one succeeds", "[store]") {
    StoreFixture store;
    store.writer->append({make_item(1, make_event(1))});
    {
        // The roll-up is refused by a trigger, after the rows of the batch were written.
        SQLite::Database other(store.path, SQLite::OPEN_READWRITE);
        other.exec(
            "CREATE TRIGGER refuse BEFORE INSERT ON usage_hourly BEGIN SELECT "
            "RAISE(ABORT, 'no'); END");
    }
    Event event = make_event(2);
    event.token_id = "of a group that is new";
    CHECK_THROWS_AS(store.writer->append({make_item(2, event)}), std::runtime_error);
    CHECK(store.query("SELECT count(*) FROM request_logs") == "1");
    CHECK(store.query("SELECT count(*) FROM usage_hourly WHERE kind = 0") == "1");
    CHECK(store.query("SELECT count(*) FROM usage_groups") == "4");
    CHECK(store.writer->watermarks().at("proxy-1") == 1);
    SQLite::Database(store.path, SQLite::OPEN_READWRITE).exec("DROP TRIGGER refuse");
    // The ids of the groups that were rolled back are not remembered.
    CHECK(store.writer->append({make_item(2, event)}).rows == 1);
    CHECK(
        store.query("SELECT count(*) FROM usage_hourly r JOIN usage_groups g ON g.id = r.group_id "
                    "AND g.kind = r.kind WHERE token_id = 'of a group that is new'") == "2");
    CHECK(store.reader()->sizes().request_logs == 2);
}

TEST_CASE("a full disk fails the batch whole, and room lets it in", "[store]") {
    StoreFixture store;
    store.writer->append({make_item(1, make_event(1))});
    // A write beyond the limit fails like one on a full disk, once its signal is ignored.
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    rlimit tight = before;
    tight.rlim_cur = 64 * 1024;
    std::vector<IngestItem> batch;
    for (unsigned i = 2; i < 2000; ++i) batch.push_back(make_item(i, make_event(i)));
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
    CHECK_THROWS_AS(store.writer->append(batch), std::runtime_error);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(store.query("SELECT count(*) FROM request_logs") == "1");
    CHECK(store.query("SELECT sum(request_count) FROM usage_stats_daily") == "1");
    CHECK(store.query("SELECT count(*) FROM quarantine") == "0");
    CHECK(store.writer->append(batch).rows == batch.size());
    CHECK(store.writer->watermarks().at("proxy-1") == 1999);
}

TEST_CASE("a checkpoint waits for no reader and says what one holds back", "[store]") {
    StoreFixture store;
    store.writer->checkpoint();
    SQLite::Database slow(store.path, SQLite::OPEN_READONLY);
    slow.exec("BEGIN");
    SQLite::Statement(slow, "SELECT count(*) FROM request_logs").executeStep();
    store.writer->append({make_item(1, make_event(1))});
    CHECK(store.writer->checkpoint().held_back_bytes > 0);
    slow.exec("ROLLBACK");
    CHECK(store.writer->checkpoint().held_back_bytes == 0);
    CHECK(store.reader()->sizes().wal_bytes > 0);
}
