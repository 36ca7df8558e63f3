// Deleting in steps, and databases that were made before space could be given back.
#include <catch2/catch.hpp>

#include "tests/unit/analytics/store/store_fixture.hpp"

using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

void add_logs(StoreWriter& writer, unsigned first, unsigned count) {
    std::vector<IngestItem> batch;
    for (unsigned i = first; i < first + count; ++i)
        batch.push_back(make_item(i, make_event(i, i)));
    writer.append(batch);
}

}  // namespace

TEST_CASE("A step deletes the oldest, up to its bound and the moment", "[store][retention]") {
    StoreFixture fixture;
    add_logs(*fixture.writer, 1, 100);
    CHECK(fixture.writer->purge_request_logs(51, 30) == 30);
    CHECK(fixture.query("SELECT min(request_at), max(request_at) FROM request_logs") == "31|100");
    CHECK(fixture.writer->purge_request_logs(51, 30) == 20);
    CHECK(fixture.writer->purge_request_logs(51, 30) == 0);
    CHECK(fixture.query("SELECT count(*), min(request_at) FROM request_logs") == "50|51");
    CHECK(fixture.reader()->sizes().request_logs == 50);
}

TEST_CASE("The purged days only ever grow", "[store][retention]") {
    StoreFixture fixture;
    const std::string purged = "SELECT value FROM meta WHERE key = 'logs_purged_before_ms'";
    add_logs(*fixture.writer, 1, 100);
    fixture.writer->purge_request_logs(50, 1);
    CHECK(fixture.query(purged) == "50");
    fixture.writer->purge_request_logs(20, 1);
    CHECK(fixture.query(purged) == "50");
    fixture.writer->purge_request_logs(60, 100);
    CHECK(fixture.query(purged) == "60");
}

TEST_CASE("An event of a purged day that comes late is stored, and goes with the next step",
          "[store][retention]") {
    StoreFixture fixture;
    add_logs(*fixture.writer, 1, 100);
    CHECK(fixture.writer->purge_request_logs(51, 100) == 50);
    CHECK(fixture.writer->append({make_item(101, make_event(101, 20))}).rows == 1);
    CHECK(fixture.writer->purge_request_logs(51, 100) == 1);
}

TEST_CASE("Space is given back in steps", "[store][retention]") {
    StoreFixture fixture;
    add_logs(*fixture.writer, 1, 3000);
    CHECK(fixture.writer->release_space(1 << 20) == 0);
    fixture.writer->purge_request_logs(3001, 3000);
    const std::int64_t free_bytes = fixture.reader()->sizes().free_bytes;
    REQUIRE(free_bytes > 500'000);
    CHECK(fixture.writer->release_space(100'000) == 24 * 4096);
    CHECK(fixture.writer->release_space(1 << 30) >= free_bytes - 24 * 4096);
    CHECK(fixture.reader()->sizes().free_bytes == 0);
}

TEST_CASE("A database from before is rewritten once so that it can shrink", "[store][retention]") {
    StoreFixture fixture;
    add_logs(*fixture.writer, 1, 200);
    fixture.writer.reset();
    {
        SQLite::Database database(fixture.path, SQLite::OPEN_READWRITE);
        database.exec("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM");
    }
    REQUIRE(fixture.query("PRAGMA auto_vacuum") == "0");
    fixture.writer = fixture.open("UTC");
    CHECK(fixture.query("PRAGMA auto_vacuum") == "2");
    CHECK(fixture.query("PRAGMA journal_mode") == "wal");
    CHECK(fixture.query("SELECT count(*) FROM request_logs") == "200");
    fixture.writer->purge_request_logs(1000, 1000);
    CHECK(fixture.writer->release_space(1 << 30) > 0);
}
