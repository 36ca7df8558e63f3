// The aggregator finds what differs, mends it, counts it, and leaves all else alone.
#include "analytics/jobs/aggregator.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/analytics/store/traffic.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;
using Catch::Contains;

namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t first_day = 20'089;  // 2025-01-01
constexpr std::int64_t start_ms = first_day * day_ms;
const char* const all_rows =
    "SELECT 'd', kind, day, token_id, user_name, account_id, mode, model, request_count, "
    "success_count, prompt_tokens, completion_tokens, cache_creation_5m_tokens, "
    "cache_creation_1h_tokens, cache_read_tokens, usage_count, cost_nano_usd, cost_count, "
    "duration_sum_ms, ttft_sum_ms, ttft_count, hex(duration_histogram), hex(ttft_histogram) "
    "FROM usage_daily JOIN usage_groups USING (kind) WHERE id = group_id UNION ALL "
    "SELECT 'h', kind, hour_at, token_id, user_name, account_id, mode, model, request_count, "
    "success_count, prompt_tokens, completion_tokens, cache_creation_5m_tokens, "
    "cache_creation_1h_tokens, cache_read_tokens, usage_count, cost_nano_usd, cost_count, "
    "duration_sum_ms, ttft_sum_ms, ttft_count, hex(duration_histogram), hex(ttft_histogram) "
    "FROM usage_hourly JOIN usage_groups USING (kind) WHERE id = group_id "
    "ORDER BY 1, 2, 3, 4, 5, 6, 7, 8";

/// Three days of traffic.
struct Aggregated : StoreFixture {
    Aggregated() {
        append_in_batches(*writer, random_traffic(2, 400, start_ms, start_ms + 3 * day_ms));
        right = query(all_rows);
    }
    std::map<std::string, std::int64_t> run(DayRange range = {},
                                            const std::function<void()>& before_write = {}) {
        const auto connection = reader();
        const JobContext context{clock.now_ms,
                                 [&](const std::function<void(StoreWriter&)>& step) {
                                     if (before_write) before_write();
                                     step(*writer);
                                 },
                                 *connection, stop.get_token()};
        std::map<std::string, std::int64_t> report;
        for (const auto& [name, value] : Aggregator(range).run_once(context)) report[name] = value;
        return report;
    }
    void tamper(const std::string& sql) const {
        SQLite::Database(path, SQLite::OPEN_READWRITE).exec(sql);
    }
    std::int64_t count(const std::string& sql) const { return std::stoll(query(sql)); }

    std::string right;
    std::stop_source stop;
};

}  // namespace

TEST_CASE("a healthy database needs no change, and the writer is left alone", "[aggregator]") {
    Aggregated store;
    const auto report = store.run({}, [] { FAIL("a step on the writer thread"); });
    CHECK(report.at("rows_changed") == 0);
    CHECK(report.at("days") == 3);
    CHECK(report.at("days_skipped_purged") == 0);
    CHECK(report.at("rows_checked") ==
          store.count("SELECT (SELECT count(*) FROM usage_daily) + count(*) FROM usage_hourly"));
    CHECK(store.query(all_rows) == store.right);
}

TEST_CASE("what was tampered with is mended and counted, row by row", "[aggregator]") {
    Aggregated store;
    std::int64_t changed = 0;
    SECTION("a sum of a day") {
        store.tamper(
            "UPDATE usage_daily SET prompt_tokens = prompt_tokens + 1 WHERE kind = 1 AND "
            "day = 20090");
        changed = store.count("SELECT count(*) FROM usage_daily WHERE kind = 1 AND day = 20090");
    }
    SECTION("a negative sum of an hour") {
        store.tamper(
            "UPDATE usage_hourly SET request_count = -7 WHERE (kind, hour_at, group_id) = "
            "(SELECT kind, hour_at, group_id FROM usage_hourly WHERE kind = 0 LIMIT 1)");
        changed = 1;
    }
    SECTION("rows that are missing") {
        changed = store.count(
            "SELECT (SELECT count(*) FROM usage_daily WHERE day = 20091) + "
            "(SELECT count(*) FROM usage_hourly WHERE kind = 2)");
        store.tamper(
            "DELETE FROM usage_daily WHERE day = 20091; "
            "DELETE FROM usage_hourly WHERE kind = 2");
    }
    SECTION("groups that are missing, and the rows that name them") {
        // Each row is removed, and written again for a new group.
        changed = 2 * store.count(
                          "SELECT (SELECT count(*) FROM usage_daily WHERE kind = 3) + "
                          "(SELECT count(*) FROM usage_hourly WHERE kind = 3)");
        store.tamper("DELETE FROM usage_groups WHERE kind = 3");
    }
    SECTION("rows without logs") {
        store.tamper(
            "INSERT INTO usage_daily SELECT kind, 20100, group_id, request_count, "
            "success_count, prompt_tokens, completion_tokens, cache_creation_5m_tokens, "
            "cache_creation_1h_tokens, cache_read_tokens, usage_count, cost_nano_usd, "
            "cost_count, duration_sum_ms, ttft_sum_ms, ttft_count, duration_histogram, "
            "ttft_histogram FROM usage_daily WHERE day = 20090");
        changed = store.count("SELECT count(*) FROM usage_daily WHERE day = 20090");
    }
    SECTION("rows of hours that begin at no hour") {
        changed = store.count("SELECT 2 * count(*) FROM usage_hourly WHERE kind = 2");
        store.tamper("UPDATE usage_hourly SET hour_at = hour_at + 1 WHERE kind = 2");
    }
    SECTION("histograms that cannot be read") {
        changed = store.count(
            "SELECT (SELECT count(*) FROM usage_daily) + (SELECT count(*) FROM "
            "usage_hourly WHERE kind = 1)");
        store.tamper(
            "UPDATE usage_daily SET duration_histogram = x'07'; "
            "UPDATE usage_hourly SET ttft_histogram = x'0101' WHERE kind = 1");
    }
    REQUIRE(changed > 0);
    REQUIRE(store.query(all_rows) != store.right);
    CHECK(store.run().at("rows_changed") == changed);
    CHECK(store.query(all_rows) == store.right);
    CHECK(store.query("SELECT count(*) FROM usage_hourly WHERE hour_at % 3600000 <> 0") == "0");
    CHECK(store.run().at("rows_changed") == 0);
}

TEST_CASE("only the days of the range are looked at", "[aggregator]") {
    Aggregated store;
    store.tamper("UPDATE usage_daily SET completion_tokens = 0 WHERE kind = 3");
    CHECK(store.run({first_day + 1, first_day + 1}).at("days") == 1);
    CHECK(store.query(all_rows) != store.right);
    CHECK(store.run({std::nullopt, first_day}).at("days") == 1);
    CHECK(store.run({first_day + 2, std::nullopt}).at("days") == 1);
    CHECK(store.query(all_rows) == store.right);
    CHECK(store.run({first_day + 3, first_day + 100}).at("days") == 0);
}

TEST_CASE("days whose logs may be gone are not touched", "[aggregator]") {
    Aggregated store;
    // In the middle of the second day, so that this one began before it.
    const std::int64_t mark = start_ms + day_ms + day_ms / 2;
    store.tamper("INSERT INTO meta VALUES ('logs_purged_before_ms', '" + std::to_string(mark) +
                 "'); DELETE FROM request_logs WHERE request_at < " + std::to_string(mark));
    auto report = store.run();
    CHECK(report.at("days") == 1);
    CHECK(report.at("days_skipped_purged") == 2);
    CHECK(report.at("rows_changed") == 0);
    CHECK(store.query(all_rows) == store.right);
    store.tamper(
        "UPDATE usage_hourly SET cost_nano_usd = 1; UPDATE usage_daily SET cost_nano_usd = 1");
    CHECK(store.run().at("rows_changed") > 0);
    CHECK(store.query("SELECT DISTINCT day, cost_nano_usd = 1 FROM usage_daily WHERE kind = 3 AND "
                      "day < 20091 ORDER BY 1") == "20089|1\n20090|1");
    CHECK(store.query("SELECT count(*) FROM usage_daily WHERE kind = 3 AND day = 20091 AND "
                      "cost_nano_usd = 1") == "0");
}

TEST_CASE("events that come between the look and the repair are counted once", "[aggregator]") {
    Aggregated store;
    store.tamper(
        "UPDATE usage_hourly SET request_count = request_count + 5; "
        "UPDATE usage_daily SET request_count = request_count + 5");
    unsigned next = 1000;
    const auto report = store.run({}, [&] {
        Event event = make_event(next, start_ms + (next % 72) * 3'600'000);
        event.token_id = "token-0";
        event.account_id = "account-0";
        event.model = "model-0";
        store.writer->append({make_item(next++, event)});
    });
    CHECK(report.at("rows_changed") > 0);
    REQUIRE(next > 1010);
    store.right = store.query(all_rows);
    CHECK(store.run().at("rows_changed") == 0);
    CHECK(store.query("SELECT sum(request_count) FROM usage_stats_daily") ==
          store.query("SELECT count(*) FROM request_logs"));
}

TEST_CASE("two runs at once repair once", "[aggregator]") {
    Aggregated store;
    store.tamper("UPDATE usage_daily SET request_count = request_count + 5 WHERE kind = 2");
    bool first = true;
    store.run({}, [&] {
        if (std::exchange(first, false)) store.run();
    });
    CHECK(store.query(all_rows) == store.right);
}

TEST_CASE("a run that is stopped goes on in the next", "[aggregator]") {
    Aggregated store;
    store.tamper(
        "UPDATE usage_hourly SET request_count = 0; UPDATE usage_daily SET success_count = 0");
    int steps = 0;
    store.run({}, [&] {
        if (++steps == 5) store.stop.request_stop();
    });
    CHECK(store.query(all_rows) != store.right);
    store.stop = {};
    CHECK(store.run().at("rows_changed") > 0);
    CHECK(store.query(all_rows) == store.right);
}
