// The daily figures are what the logs add up to, whatever came in which order.
#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/analytics/store/store_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;
using Catch::Contains;

namespace {

const char* const kept =
    "SELECT stat_date, token_id, account_id, mode, model, request_count, success_count, "
    "error_count, prompt_tokens, completion_tokens, total_tokens, cache_creation_5m_tokens, "
    "cache_creation_1h_tokens, cache_read_tokens, usage_count, cost_nano_usd, cost_count, "
    "duration_sum_ms, duration_count, ttft_sum_ms, ttft_count FROM usage_stats_daily "
    "ORDER BY 1, 2, 3, 4, 5";

/// The same figures straight from the logs, in SQL of its own; days of UTC.
const char* const recomputed =
    "SELECT date(request_at / 1000, 'unixepoch'), token_id, ifnull(account_id, ''), "
    "ifnull(mode, ''), ifnull(model, ''), count(*), sum(success), sum(1 - success), "
    "ifnull(sum(prompt_tokens), 0), ifnull(sum(completion_tokens), 0), "
    "ifnull(sum(total_tokens), 0), ifnull(sum(cache_creation_5m_tokens), 0), "
    "ifnull(sum(cache_creation_1h_tokens), 0), ifnull(sum(cache_read_tokens), 0), "
    "count(total_tokens), ifnull(sum(cost_nano_usd), 0), count(cost_nano_usd), "
    "sum(duration_ms), count(*), ifnull(sum(ttft_ms), 0), count(ttft_ms) "
    "FROM request_logs GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5";

std::vector<IngestItem> random_items(unsigned count) {
    std::mt19937 random(7);
    const auto below = [&](unsigned limit) { return static_cast<std::int64_t>(random() % limit); };
    std::vector<IngestItem> items;
    for (unsigned i = 1; i <= count; ++i) {
        Event event = make_event(i, 1'735'680'000'000 + below(5 * 86'400) * 1000);
        event.token_id = "token-" + std::to_string(below(3));
        event.account_id = below(4) == 0 ? "" : "account-" + std::to_string(below(2));
        event.model = below(2) == 0 ? "claude-sonnet-4-5" : "claude-haiku-4-5";
        event.success = below(5) != 0;
        event.duration_ms = below(10'000);
        event.usage = {below(100), below(50), below(50), below(10'000), below(900)};
        if (below(3) == 0) event.ttft_ms.reset();
        if (below(4) == 0) {
            event.usage = {};
            event.usage_source = UsageSource::none;
        }
        const bool priced = event.usage_source != UsageSource::none && below(5) != 0;
        const std::optional<std::int64_t> cost =
            priced ? std::optional<std::int64_t>(below(1'000'000)) : std::nullopt;
        items.push_back(make_item(i, event, cost));
    }
    return items;
}

void append_in_batches(StoreWriter& writer, const std::vector<IngestItem>& items) {
    for (std::size_t start = 0; start < items.size(); start += 37) {
        const auto first = items.begin() + static_cast<std::ptrdiff_t>(start);
        const auto size = std::min<std::size_t>(37, items.size() - start);
        writer.append({first, first + static_cast<std::ptrdiff_t>(size)});
    }
}

}  // namespace

TEST_CASE("the daily figures equal those recomputed from the logs", "[store]") {
    StoreFixture store;
    store.writer->add_token({"token-1", sha256("k1"), "ann", "api", 1, std::nullopt});
    append_in_batches(*store.writer, random_items(500));
    CHECK(store.query("SELECT count(*) FROM request_logs") == "500");
    CHECK(store.query(kept) == store.query(recomputed));
    CHECK(store.query("SELECT total_requests, total_tokens, last_used_at FROM tokens") ==
          store.query("SELECT count(*), sum(total_tokens), max(request_at) FROM request_logs "
                      "WHERE token_id = 'token-1'"));
}

TEST_CASE("the day is one of the zone that is configured", "[store]") {
    StoreFixture store;
    store.writer.reset();
    store.path = store.directory.file("shanghai.db");
    store.writer = store.open("Asia/Shanghai");
    // 2025-01-01T15:59:59.999Z and 16:00Z: the day begins there at 16:00Z.
    store.writer->append({make_item(1, make_event(1, 1'735'747'199'999)),
                          make_item(2, make_event(2, 1'735'747'200'000))});
    CHECK(store.query("SELECT stat_date, request_count FROM usage_stats_daily ORDER BY 1") ==
          "2025-01-01|1\n2025-01-02|1");
}

TEST_CASE("another zone moves the figures of all days", "[store]") {
    StoreFixture store;
    append_in_batches(*store.writer, random_items(200));
    const std::string in_utc = store.query(kept);
    store.writer.reset();
    store.writer = store.open("Asia/Shanghai");
    const std::string in_shanghai = store.query(kept);
    CHECK(in_shanghai != in_utc);
    CHECK(store.query("SELECT sum(request_count), sum(cost_nano_usd) FROM usage_stats_daily") ==
          store.query("SELECT count(*), sum(cost_nano_usd) FROM request_logs"));
    store.writer.reset();
    store.writer = store.open("UTC");
    CHECK(store.query(kept) == in_utc);
}

TEST_CASE("another zone is refused when the logs of some days are gone", "[store]") {
    StoreFixture store;
    append_in_batches(*store.writer, random_items(20));
    store.writer.reset();
    SQLite::Database(store.path, SQLite::OPEN_READWRITE)
        .exec("DELETE FROM request_logs WHERE id = '" + make_event(1).id + "'");
    const std::string before = store.query(kept);
    CHECK_THROWS_WITH(store.open("Asia/Tokyo"), Contains("Asia/Tokyo"));
    CHECK(store.query(kept) == before);
    CHECK_NOTHROW(store.open("UTC"));
}

TEST_CASE("a migrated database has the figures of its old table, from logs where there are some",
          "[store]") {
    StoreFixture store;
    std::vector<IngestItem> items = random_items(100);
    // Long after, so that no hour is open.
    for (IngestItem& item : items) item.received_at_ms = 1'740'000'000'000;
    append_in_batches(*store.writer, items);
    const std::string figures = store.query(kept);
    const std::string tables =
        "SELECT 1, * FROM usage_daily UNION ALL SELECT 2, * FROM usage_hourly ORDER BY 1, 2, 3, 4";
    const std::string rows = store.query(tables);
    store.writer.reset();
    {
        // As the migration leaves a database, with one day whose logs are gone.
        SQLite::Database old(store.path, SQLite::OPEN_READWRITE);
        old.exec(
            "CREATE TABLE usage_stats_daily_before AS SELECT * FROM usage_stats_daily; "
            "DELETE FROM usage_daily; DELETE FROM usage_hourly; DELETE FROM usage_open_hours; "
            "DELETE FROM usage_open_weeks");
        SECTION("all logs are there") {}
        SECTION("the logs of the first day are gone") {
            old.exec(
                "DELETE FROM request_logs WHERE date(request_at / 1000, 'unixepoch') = "
                "'2024-12-31'");
        }
    }
    const bool whole = store.query("SELECT count(*) FROM request_logs") == "100";
    store.writer = store.open("UTC");
    CHECK(store.query(kept) == figures);
    CHECK(store.query("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%before%'") == "0");
    if (whole) {
        CHECK(store.query(tables) == rows);
        CHECK(store.reader()->logs_purged_before_ms() == 0);
    } else {
        CHECK(store.reader()->logs_purged_before_ms() == 1'735'689'600'000);
        CHECK(store.query("SELECT min(hour_at) >= 1735689600000 FROM usage_hourly") == "1");
        for (const char* kind : {"0", "1", "2", "3"}) {
            CHECK(store.query(std::string("SELECT sum(request_count) FROM usage_daily WHERE "
                                          "kind = ") +
                              kind) == "100");
        }
    }
}
