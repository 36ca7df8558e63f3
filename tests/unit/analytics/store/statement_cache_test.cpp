// Statements that are kept: used again, never by two at once, and without what was bound before.
#include "analytics/store/sqlite/statement_cache.hpp"

#include <SQLiteCpp/Exception.h>

#include <catch2/catch.hpp>

#include "analytics/store/sqlite/raw_statement.hpp"

using namespace ccproxy::analytics;

namespace {

struct Connection {
    SQLite::Database database{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
    StatementCache cache{database};
};

}  // namespace

TEST_CASE("a statement that was given back is used again", "[store]") {
    Connection connection;
    const std::string sql = "SELECT 1";
    sqlite3_stmt* const first = connection.cache.take(sql);
    sqlite3_stmt* const second = connection.cache.take(sql);
    CHECK(first != second);
    connection.cache.give_back(first);
    CHECK(connection.cache.take(sql) == first);
    connection.cache.give_back(first);
    sqlite3_stmt* const other = connection.cache.take("SELECT 2");
    CHECK(other != first);
    connection.cache.give_back(second);
    connection.cache.give_back(other);
}

TEST_CASE("a kept statement begins anew, with nothing bound", "[store]") {
    Connection connection;
    connection.database.exec("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), (2)");
    const std::string sql = "SELECT n, ?1 FROM t ORDER BY n";
    {
        RawStatement row(connection.cache, sql);
        row.bind(1, 7);
        REQUIRE(row.step());
        CHECK(row.integer(1) == 7);
    }
    // One that is still in the middle of its rows would keep the table.
    connection.database.exec("DROP TABLE t; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (3)");
    RawStatement row(connection.cache, sql);
    REQUIRE(row.step());
    CHECK(row.integer(0) == 3);
    CHECK(row.is_null(1));
    CHECK_FALSE(row.step());
}

TEST_CASE("no more statements are kept than there is room for", "[store]") {
    Connection connection;
    for (std::size_t i = 0; i < StatementCache::max_kept + 10; ++i) {
        const RawStatement row(connection.cache, "SELECT " + std::to_string(i));
    }
    std::size_t kept = 0;
    for (auto* next = sqlite3_next_stmt(connection.database.getHandle(), nullptr); next != nullptr;
         next = sqlite3_next_stmt(connection.database.getHandle(), next)) {
        ++kept;
    }
    CHECK(kept == StatementCache::max_kept);
}

TEST_CASE("a statement that SQLite does not take is an error, not a statement", "[store]") {
    Connection connection;
    CHECK_THROWS_AS(connection.cache.take("SELEC"), SQLite::Exception);
}
