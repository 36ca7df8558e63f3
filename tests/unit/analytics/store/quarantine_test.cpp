// The quarantine keeps its bounds, and gives events back once and whole.
#include <catch2/catch.hpp>

#include "analytics/ingest/intake.hpp"
#include "analytics/store/sqlite/connection.hpp"
#include "analytics/store/sqlite/migrate.hpp"
#include "proto/event_codec.hpp"
#include "tests/unit/analytics/store/store_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;
using Catch::Contains;

namespace {

struct QuarantineFixture : StoreFixture {
    /// What a later version of this program, or one with its fault mended, would make of payloads.
    const StoreWriter::Decode decode = [](std::string_view payload) {
        return to_content(payload, PriceTable::built_in());
    };

    AppendReport add(std::uint64_t seq, const std::string& payload, bool rewinds = false) {
        IngestItem item = make_item(seq, {});
        item.content = RejectedEvent{payload, "poison"};
        item.rewinds = rewinds;
        return writer->append({item});
    }
    static std::string encoded(unsigned number) {
        std::string payload;
        encode_event(make_event(number), payload);
        return payload;
    }
    [[nodiscard]] std::string kept() const {
        return query("SELECT group_concat(seq, ' ') FROM quarantine");
    }
    /// The sums that a stored event is part of.
    [[nodiscard]] std::string sums() const {
        return query(
            "SELECT (SELECT count(*) FROM request_logs), (SELECT value FROM counters WHERE name = "
            "'request_logs'), (SELECT sum(request_count) FROM usage_stats_daily), (SELECT "
            "sum(total_tokens) FROM usage_stats_daily), (SELECT sum(cost_nano_usd) FROM "
            "usage_stats_daily), total_requests, total_tokens FROM tokens");
    }
};

}  // namespace

TEST_CASE("a retry stores the event with all its sums, once", "[store][quarantine]") {
    QuarantineFixture f;
    f.writer->add_token({"token-1", sha256("k"), "ann", "api", 1, std::nullopt});
    QuarantineFixture direct;
    direct.writer->add_token({"token-1", sha256("k"), "ann", "api", 1, std::nullopt});
    IngestItem item = make_item(1, {});
    item.content = f.decode(QuarantineFixture::encoded(7));
    direct.writer->append({item});

    f.add(1, QuarantineFixture::encoded(7));
    const std::uint64_t watermark = f.writer->watermarks().at("proxy-1");
    const std::optional<RetryReport> report = f.writer->retry_quarantined(1, f.decode);
    REQUIRE(report);
    CHECK(report->stored);
    CHECK_FALSE(report->was_known);
    CHECK(report->reason.empty());
    CHECK(f.sums() == direct.sums());
    CHECK(f.query("SELECT * FROM request_logs") == direct.query("SELECT * FROM request_logs"));
    CHECK(f.query("SELECT * FROM usage_stats_daily") ==
          direct.query("SELECT * FROM usage_stats_daily"));
    CHECK(f.reader()->sizes().quarantined == 0);
    CHECK(f.writer->watermarks().at("proxy-1") == watermark);

    CHECK_FALSE(f.writer->retry_quarantined(1, f.decode));
    CHECK(f.sums() == direct.sums());
}

TEST_CASE("a retry of an event that is known adds nothing and lets it go", "[store][quarantine]") {
    QuarantineFixture f;
    f.writer->append({make_item(1, make_event(7))});
    const std::string before = f.query("SELECT * FROM usage_stats_daily");
    f.add(2, QuarantineFixture::encoded(7));
    const std::optional<RetryReport> report = f.writer->retry_quarantined(1, f.decode);
    REQUIRE(report);
    CHECK(report->stored);
    CHECK(report->was_known);
    CHECK(f.query("SELECT count(*) FROM request_logs") == "1");
    CHECK(f.query("SELECT * FROM usage_stats_daily") == before);
    CHECK(f.reader()->sizes().quarantined == 0);
}

TEST_CASE("what fails again stays, with the new reason", "[store][quarantine]") {
    QuarantineFixture f;
    f.add(1, "no event");
    f.add(2, "");
    f.add(3, "fails in the table");
    for (const std::int64_t id : {1, 2}) {
        const std::optional<RetryReport> report = f.writer->retry_quarantined(id, f.decode);
        REQUIRE(report);
        CHECK_FALSE(report->stored);
        CHECK_FALSE(report->reason.empty());
        CHECK(report->reason != "poison");
        CHECK(f.reader()->quarantined(id)->reason == report->reason);
    }
    const auto unfit = [](std::string_view) {
        Event event = make_event(9);
        event.attempts = -1;
        return EventContent(PricedEvent{event, {}});
    };
    CHECK_THAT(f.writer->retry_quarantined(3, unfit)->reason, Contains("CHECK"));
    CHECK(f.reader()->quarantined(3)->payload == "fails in the table");
    CHECK(f.kept() == "1 2 3");
    CHECK(f.query("SELECT count(*) FROM request_logs") == "0");
    CHECK(f.query("SELECT count(*) FROM usage_stats_daily") == "0");
    CHECK_FALSE(f.writer->retry_quarantined(99, f.decode));
}

TEST_CASE("what was cut says so and is not read", "[store][quarantine]") {
    QuarantineFixture f;
    f.add(1, std::string(1 << 20, 'x'));
    f.add(2, std::string((1 << 20) + 1, 'x'));
    CHECK_FALSE(f.reader()->quarantined(1)->truncated);
    const QuarantinedEvent cut = f.reader()->quarantined(2).value();
    CHECK(cut.truncated);
    CHECK(cut.bytes == (1 << 20) + 1);
    CHECK(cut.payload.size() == 1 << 20);
    bool decoded = false;
    const auto report = f.writer->retry_quarantined(2, [&](std::string_view) {
        decoded = true;
        return EventContent(PricedEvent{make_event(1), {}});
    });
    CHECK_FALSE(report->stored);
    CHECK_THAT(report->reason, Contains("1048576 of its 1048577 bytes"));
    CHECK_FALSE(decoded);
    CHECK(f.reader()->quarantined(2)->reason == "poison");
}

TEST_CASE("a retry that the database breaks changes nothing", "[store][quarantine]") {
    QuarantineFixture f;
    f.add(1, QuarantineFixture::encoded(7));
    CHECK_THROWS(f.writer->retry_quarantined(
        1, [](std::string_view) -> EventContent { throw std::runtime_error("broken"); }));
    CHECK(f.kept() == "1");
    CHECK(f.writer->retry_quarantined(1, f.decode)->stored);
}

TEST_CASE("beyond its bounds the oldest events go and are counted", "[store][quarantine]") {
    QuarantineFixture f;
    f.limits.max_rows = 3;
    f.limits.max_bytes = 1 << 20;
    f.writer.reset();
    f.writer = f.open("UTC");
    for (unsigned seq = 1; seq <= 5; ++seq) {
        CHECK(f.add(seq, "p").discarded == (seq > 3 ? 1 : 0));
    }
    CHECK(f.kept() == "3 4 5");
    CHECK(f.reader()->sizes().discarded == 2);
    CHECK(f.reader()->sizes().quarantined == 3);
    CHECK(f.add(6, std::string(1 << 20, 'x')).discarded == 3);
    CHECK(f.kept() == "6");
    CHECK(f.reader()->sizes().quarantined_bytes == 1 << 20);
    CHECK(f.reader()->sizes().discarded == 5);
    // An id is not given again, so that a slow hand does not reach another event.
    CHECK(f.writer->delete_quarantined(6));
    CHECK_FALSE(f.writer->delete_quarantined(6));
    f.add(7, "p");
    CHECK(f.query("SELECT id FROM quarantine") == "7");
    CHECK(f.reader()->sizes().quarantined_bytes == 1);
    CHECK(f.reader()->sizes().discarded == 5);
}

TEST_CASE("bounds drawn closer are reached in steps", "[store][quarantine]") {
    QuarantineFixture f;
    std::vector<IngestItem> batch;
    for (unsigned seq = 1; seq <= 2500; ++seq) {
        batch.push_back(make_item(seq, {}));
        batch.back().content = RejectedEvent{"p", "poison"};
    }
    f.writer->append(batch);
    f.limits.max_rows = 10;
    f.writer.reset();
    f.writer = f.open("UTC");
    CHECK(f.add(2501, "p").discarded == 1001);
    CHECK(f.add(2502, "p").discarded == 1001);
    CHECK(f.add(2503, "p").discarded == 491);
    CHECK(f.reader()->sizes().quarantined == 10);
}

TEST_CASE("numbers that are given anew do not hide other poison", "[store][quarantine]") {
    QuarantineFixture f;
    f.add(1, "first");
    f.add(2, "second");
    f.add(1, "first", true);
    f.add(2, "another");
    CHECK(f.query("SELECT seq, payload FROM quarantine ORDER BY id") ==
          "1|first\n2|second\n2|another");
}

TEST_CASE("pages go from the newest to the oldest", "[store][quarantine]") {
    QuarantineFixture f;
    for (unsigned seq = 1; seq <= 5; ++seq) f.add(seq, std::string(5000, 'x'));
    IngestItem other = make_item(1, {});
    other.proxy_id = "proxy-2";
    other.content = RejectedEvent{"p", "poison"};
    f.writer->append({other});

    QuarantineQuery query;
    query.limit = 4;
    const QuarantinePage first = f.reader()->quarantine(query).value();
    CHECK(first.total == 6);
    REQUIRE(first.events.size() == 4);
    CHECK(first.events[0].proxy_id == "proxy-2");
    CHECK(first.events[1].seq == 5);
    CHECK(first.events[1].payload.size() == max_listed_payload_bytes);
    CHECK(first.events[1].bytes == 5000);
    CHECK_FALSE(first.events[1].truncated);
    f.add(6, "comes meanwhile");
    query.cursor = first.next_cursor;
    const QuarantinePage second = f.reader()->quarantine(query).value();
    REQUIRE(second.events.size() == 2);
    CHECK(second.events[0].seq == 2);
    CHECK(second.next_cursor.empty());

    query = {};
    query.proxy_id = "proxy-2";
    CHECK(f.reader()->quarantine(query).value().total == 1);
    CHECK(f.reader()->quarantine(query).value().events.size() == 1);
    query.cursor = "nonsense";
    CHECK(f.reader()->quarantine(query).has_error());
}

TEST_CASE("what the first version kept aside is still there", "[store][quarantine][migrate]") {
    QuarantineFixture f;
    f.writer.reset();
    std::filesystem::remove(f.path);
    {
        SQLite::Database database = open_for_writing(f.path);
        const std::vector<Migration> first{known_migrations().front()};
        migrate(database, first, 1);
        database.exec("INSERT INTO quarantine VALUES (4, 'p', 9, 5, 'why', x'00ff')");
        database.exec("INSERT INTO quarantine VALUES (7, 'p', 10, 5, 'why', zeroblob(1048576))");
    }
    f.writer = f.open("UTC");
    const QuarantinedEvent kept = f.reader()->quarantined(4).value();
    CHECK(kept.payload == std::string("\0\xff", 2));
    CHECK_FALSE(kept.truncated);
    CHECK(f.reader()->quarantined(7)->truncated);
    CHECK(f.reader()->sizes().quarantined == 2);
    CHECK(f.reader()->sizes().quarantined_bytes == 1048578);
    CHECK(f.writer->delete_quarantined(7));
    f.add(1, "p");
    CHECK(f.query("SELECT max(id) FROM quarantine") == "8");
}
