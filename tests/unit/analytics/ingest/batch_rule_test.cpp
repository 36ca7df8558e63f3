// When a batch is due, as a table.
#include "analytics/ingest/batch_rule.hpp"

#include <catch2/catch.hpp>

using namespace ccproxy::analytics;
using std::chrono::milliseconds;

TEST_CASE("a batch is due by number or by age", "[ingest]") {
    const BatchRule rule{100, milliseconds(200)};
    CHECK_FALSE(rule.is_due(0, milliseconds(0)));
    CHECK_FALSE(rule.is_due(0, milliseconds(9999)));
    CHECK_FALSE(rule.is_due(1, milliseconds(199)));
    CHECK(rule.is_due(1, milliseconds(200)));
    CHECK_FALSE(rule.is_due(99, milliseconds(0)));
    CHECK(rule.is_due(100, milliseconds(0)));
    CHECK(rule.is_due(5000, milliseconds(0)));
    CHECK(BatchRule{100, milliseconds(0)}.is_due(1, milliseconds(0)));
}

TEST_CASE("the time that is left is never negative", "[ingest]") {
    const BatchRule rule{100, milliseconds(200)};
    CHECK(rule.until_due(milliseconds(0)) == milliseconds(200));
    CHECK(rule.until_due(milliseconds(150)) == milliseconds(50));
    CHECK(rule.until_due(milliseconds(900)) == milliseconds(0));
}

TEST_CASE("a backlog is written in large batches", "[ingest]") {
    CHECK(BatchRule{1, milliseconds(0)}.largest_batch() == 1000);
    CHECK(BatchRule{5000, milliseconds(0)}.largest_batch() == 5000);
}
