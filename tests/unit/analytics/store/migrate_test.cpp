// A database is made, opened again, and refused when it is not ours or too new.
#include "analytics/store/sqlite/migrate.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "analytics/store/sqlite/connection.hpp"
#include "tests/unit/analytics/store/store_fixture.hpp"

using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;
using Catch::Contains;

namespace {

std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

std::unique_ptr<StoreWriter> open(const std::string& path) {
    static const FixedClock clock;
    return open_sqlite_writer(path, DayZone::find("UTC").value(), clock);
}

}  // namespace

TEST_CASE("a new database has the schema, our mark, and is private", "[store]") {
    StoreFixture store;
    CHECK(store.query("PRAGMA user_version") == std::to_string(known_migrations().size()));
    CHECK(store.query("PRAGMA application_id") == std::to_string(application_id));
    CHECK(store.query("PRAGMA journal_mode") == "wal");
    CHECK(
        store.query("SELECT version, name, applied_at FROM schema_migrations WHERE version = 1") ==
        "1|initial|1735689600000");
    CHECK(store.query("SELECT count(*) FROM meta WHERE key IN ('database_id', 'registry_version') "
                      "AND length(value) = 36") == "2");
    store.writer->append({make_item(1, make_event(1))});
    for (const char* suffix : {"", "-wal", "-shm"}) {
        struct stat status {};
        REQUIRE(::stat((store.path + suffix).c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
    }
}

TEST_CASE("the writer syncs every commit and enforces foreign keys", "[store]") {
    StoreFixture store;
    SQLite::Database database = open_for_writing(store.directory.file("other.db"));
    const auto pragma = [&](const char* name) {
        SQLite::Statement row(database, std::string("PRAGMA ") + name);
        row.executeStep();
        return row.getColumn(0).getInt();
    };
    CHECK(pragma("synchronous") == 2);
    CHECK(pragma("foreign_keys") == 1);
    CHECK(pragma("cache_size") == -65536);
    CHECK(pragma("busy_timeout") == 10'000);
}

TEST_CASE("a reader cannot write", "[store]") {
    StoreFixture store;
    SQLite::Database database = open_for_reading(store.path);
    CHECK_THROWS(database.exec("DELETE FROM meta"));
    CHECK_THROWS_AS(open_sqlite_reader(store.directory.file("absent.db")), std::runtime_error);
}

TEST_CASE("a database keeps its id and its registry over a restart", "[store]") {
    StoreFixture store;
    const std::string meta = store.query("SELECT * FROM meta ORDER BY key");
    store.writer.reset();
    store.clock.now_ms += 1000;
    store.writer = store.open("UTC");
    CHECK(store.query("SELECT * FROM meta ORDER BY key") == meta);
    CHECK(store.query("SELECT count(*) FROM schema_migrations") ==
          std::to_string(known_migrations().size()));
}

TEST_CASE("a newer schema is refused, with both versions named", "[store]") {
    StoreFixture store;
    store.writer.reset();
    SQLite::Database(store.path, SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
    CHECK_THROWS_WITH(
        store.open("UTC"),
        Contains("version 99") && Contains("up to " + std::to_string(known_migrations().size())));
}

TEST_CASE("another program's database is refused and left as it was", "[store]") {
    const TempFolder directory;
    const std::string path = directory.file("foreign.db");
    SECTION("with tables") {
        SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
            .exec("CREATE TABLE notes (text TEXT)");
    }
    SECTION("with a mark of its own") {
        SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
            .exec("PRAGMA application_id = 7");
    }
    const std::string before = content(path);
    CHECK_THROWS_WITH(open(path), Contains("another program"));
    CHECK(content(path) == before);
}

TEST_CASE("a file that is no database is refused", "[store]") {
    const TempFolder directory;
    const std::string path = directory.file("text.db");
    std::ofstream(path) << std::string(4096, 'x');
    CHECK_THROWS_WITH(open(path), Contains(path) && Contains("not an SQLite database"));
}

TEST_CASE("a directory that does not exist is named", "[store]") {
    CHECK_THROWS_WITH(open("/nonexistent/ccproxy.db"),
                      Contains("/nonexistent/ccproxy.db") && Contains("No such file"));
}

TEST_CASE("a migration that fails leaves the step before it", "[store]") {
    const TempFolder directory;
    SQLite::Database database = open_for_writing(directory.file("m.db"));
    std::vector<Migration> steps = known_migrations();
    const int last = static_cast<int>(steps.size());
    steps.push_back({last + 1, "broken", "CREATE TABLE half (id INTEGER); SELECT nonsense;"});
    CHECK_THROWS_WITH(migrate(database, steps, 1), Contains("(broken)"));
    CHECK(schema_version(database) == last);
    CHECK_FALSE(database.tableExists("half"));

    steps.back() = {last + 1, "mended", "CREATE TABLE half (id INTEGER);"};
    migrate(database, steps, 2);
    CHECK(schema_version(database) == last + 1);
    CHECK(database.tableExists("half"));
}
