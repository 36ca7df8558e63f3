// Hours, days and weeks give the figures that counting gives, whatever of them is written already.
#include <catch2/catch.hpp>
#include <set>

#include "analytics/jobs/aggregator.hpp"
#include "analytics/store/sqlite/connection.hpp"
#include "analytics/store/sqlite/migrate.hpp"
#include "tests/unit/analytics/store/traffic.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::int64_t first_week = 20'048;  // A multiple of 7: 2024-11-21.
constexpr std::int64_t start_ms = first_week * day_ms;

/// In the order in which they were made, as if each came when it was answered.
std::vector<IngestItem> live_traffic(unsigned count, std::int64_t from_ms, std::int64_t to_ms) {
    std::vector<IngestItem> items = random_traffic(11, count, from_ms, to_ms);
    const auto event = [](const IngestItem& item) -> const Event& {
        return std::get<PricedEvent>(item.content).event;
    };
    std::sort(items.begin(), items.end(), [&](const IngestItem& a, const IngestItem& b) {
        return event(a).request_at_ms < event(b).request_at_ms;
    });
    std::uint64_t seq = 0;
    for (IngestItem& item : items) {
        item.seq = ++seq;
        item.received_at_ms = event(item).request_at_ms;
    }
    return items;
}

IngestItem live_item(unsigned number, std::int64_t at_ms) {
    IngestItem item = make_item(number, make_event(number, at_ms));
    item.received_at_ms = at_ms;
    return item;
}

struct Levels : StoreFixture {
    Levels() { clock.now_ms = start_ms + 100 * day_ms; }

    /// What counting gives, by token, model and day.
    void check_answers(const std::vector<IngestItem>& items, unsigned seed) {
        const auto connection = reader();
        std::mt19937 random(seed);
        for (int i = 0; i < 40; ++i) {
            StatsQuery query;
            query.percentiles = true;
            query.per = static_cast<TimeUnit>(random() % 2);
            for (std::size_t d = 0; d < dimension_count; ++d) {
                query.by[static_cast<Dimension>(d)] = random() % 3 == 0;
            }
            if (random() % 3 == 0) query.filter[Dimension::token] = "token-1";
            const auto hours = [&] { return static_cast<std::int64_t>(random() % (45 * 24)); };
            const auto [from, to] = std::minmax({hours(), hours()});
            const std::int64_t unit = random() % 2 == 0 ? 24 : 1;
            query.from_ms = start_ms - 2 * day_ms + from / unit * unit * hour_ms;
            query.to_ms = start_ms - 2 * day_ms + to / unit * unit * hour_ms;
            check_answer(*connection, items, query);
        }
    }
    static void check_answer(StoreReader& reader, const std::vector<IngestItem>& items,
                             const StatsQuery& query) {
        std::map<std::pair<std::int64_t, Labels>, Figures> counted;
        std::set<std::string> tokens;
        for (const IngestItem& item : items) {
            const auto& [event, cost] = std::get<PricedEvent>(item.content);
            if (event.request_at_ms < query.from_ms || event.request_at_ms >= query.to_ms) continue;
            tokens.insert(event.token_id);
            const auto& token = query.filter[Dimension::token];
            if (token && *token != event.token_id) continue;
            const Labels all{
                {event.token_id, event.user_name, event.account_id, event.mode, event.model}};
            Labels labels;
            for (std::size_t i = 0; i < dimension_count; ++i) {
                const auto dimension = static_cast<Dimension>(i);
                if (query.by[dimension]) labels[dimension] = all[dimension];
            }
            const std::int64_t day = query.per == TimeUnit::day ? event.request_at_ms / day_ms : 0;
            counted[{day, labels}].add_request(event, cost);
        }
        std::map<std::pair<std::int64_t, Labels>, Figures> answered;
        for (const StatsRow& row : reader.stats(query).value().rows) {
            CHECK(answered.emplace(std::pair(row.period, row.labels), row.figures).second);
        }
        CHECK(answered == counted);
        CHECK(reader.count_active(query.from_ms, query.to_ms).tokens ==
              static_cast<std::int64_t>(tokens.size()));
    }

    std::int64_t rows_changed() {
        const auto connection = reader();
        const JobContext context{
            clock.now_ms, [&](const std::function<void(StoreWriter&)>& step) { step(*writer); },
            *connection, std::stop_source().get_token()};
        for (const auto& [name, value] : Aggregator().run_once(context)) {
            if (name == "rows_changed") return value;
        }
        return -1;
    }
    int sum_up_weeks() const {
        int weeks = 0;
        while (writer->sum_up_week()) ++weeks;
        return weeks;
    }
    void tamper(const std::string& sql) const {
        SQLite::Database(path, SQLite::OPEN_READWRITE).exec(sql);
    }
};

/// The weekly rows that should be read, beside what the days of their weeks add up to.
const char* const weeks_kept =
    "SELECT kind, week, group_id, request_count, prompt_tokens, cost_nano_usd, ttft_sum_ms "
    "FROM usage_weekly WHERE week NOT IN (SELECT week FROM usage_open_weeks) ORDER BY 1, 2, 3";
const char* const weeks_of_days =
    "SELECT kind, day / 7 * 7, group_id, sum(request_count), sum(prompt_tokens), "
    "sum(cost_nano_usd), sum(ttft_sum_ms) FROM usage_daily WHERE kind > 0 AND "
    "day / 7 * 7 NOT IN (SELECT week FROM usage_open_weeks) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";

}  // namespace

TEST_CASE("what comes in the present hour goes into its day when the hour is over", "[levels]") {
    Levels store;
    store.writer->append({live_item(1, start_ms), live_item(2, start_ms + 1)});
    CHECK(store.query("SELECT hour_at, day FROM usage_open_hours") ==
          std::to_string(start_ms) + "|" + std::to_string(first_week));
    CHECK(store.query("SELECT count(*) FROM usage_daily") == "0");
    CHECK(store.query("SELECT stat_date, request_count FROM usage_stats_daily") == "2024-11-21|2");
    CHECK(store.rows_changed() == 0);

    store.writer->append({live_item(3, start_ms + hour_ms)});
    CHECK(store.query("SELECT hour_at FROM usage_open_hours") ==
          std::to_string(start_ms + hour_ms));
    CHECK(store.query("SELECT kind, request_count FROM usage_daily ORDER BY 1") ==
          "0|2\n1|2\n2|2\n3|2");
    // The hour that is over is in its day, and so is what still comes for it.
    IngestItem late = live_item(4, start_ms + 5);
    late.received_at_ms = start_ms + hour_ms + 5;
    store.writer->append({late, live_item(5, start_ms + hour_ms + 6)});
    CHECK(store.query("SELECT kind, request_count FROM usage_daily ORDER BY 1") ==
          "0|3\n1|3\n2|3\n3|3");
    CHECK(store.query("SELECT stat_date, request_count FROM usage_stats_daily") == "2024-11-21|5");
    CHECK(store.rows_changed() == 0);
}

TEST_CASE("an hour of which something was counted is not opened again", "[levels]") {
    Levels store;
    store.writer->append({live_item(1, start_ms)});
    store.writer->append({live_item(2, start_ms + hour_ms)});
    // The clock was set back.
    store.writer->append({live_item(3, start_ms + 7)});
    CHECK(store.query("SELECT hour_at FROM usage_open_hours") ==
          std::to_string(start_ms + hour_ms));
    CHECK(store.query("SELECT sum(request_count) FROM usage_daily WHERE kind = 0") == "2");
    CHECK(store.query("SELECT sum(request_count) FROM usage_stats_daily") == "3");
    CHECK(store.rows_changed() == 0);
}

TEST_CASE("a batch that fails leaves the open hour as it was", "[levels]") {
    Levels store;
    store.writer->append({live_item(1, start_ms)});
    store.tamper(
        "CREATE TRIGGER refuse BEFORE INSERT ON usage_daily BEGIN SELECT RAISE(ABORT, 'no'); END");
    CHECK_THROWS_AS(store.writer->append({live_item(2, start_ms + hour_ms)}), std::runtime_error);
    CHECK(store.query("SELECT hour_at FROM usage_open_hours") == std::to_string(start_ms));
    store.tamper("DROP TRIGGER refuse");
    CHECK(store.writer->append({live_item(2, start_ms + hour_ms)}).rows == 1);
    CHECK(store.query("SELECT sum(request_count) FROM usage_stats_daily") == "2");
    CHECK(store.rows_changed() == 0);
}

TEST_CASE("long ranges have the answers that counting has, whichever weeks are summed up",
          "[levels]") {
    Levels store;
    std::vector<IngestItem> items = live_traffic(1'500, start_ms, start_ms + 40 * day_ms);
    append_in_batches(*store.writer, items);
    store.check_answers(items, 1);
    CHECK(store.query("SELECT count(*) FROM usage_weekly") == "0");
    REQUIRE(store.writer->sum_up_week());
    REQUIRE(store.writer->sum_up_week());
    store.check_answers(items, 2);
    // The sixth week holds the hour that is open.
    CHECK(store.sum_up_weeks() == 3);
    CHECK(store.query("SELECT count(DISTINCT week) FROM usage_weekly") == "5");
    CHECK(store.query(weeks_kept) == store.query(weeks_of_days));
    store.check_answers(items, 3);
    CHECK(store.rows_changed() == 0);

    // One that comes late: its week is read by the day until it is summed up again.
    IngestItem late = live_item(2'000, start_ms + 9 * day_ms);
    late.received_at_ms = start_ms + 41 * day_ms;
    items.push_back(late);
    store.writer->append({late});
    store.check_answers(items, 4);
    CHECK(store.query("SELECT week FROM usage_open_weeks ORDER BY 1") ==
          std::to_string(first_week + 7) + "\n" + std::to_string(first_week + 35));
    // A new hour, in the next week: all of the sixth is over.
    const IngestItem next = live_item(2'001, start_ms + 42 * day_ms);
    items.push_back(next);
    store.writer->append({next});
    CHECK(store.sum_up_weeks() == 2);
    CHECK(store.query(weeks_kept) == store.query(weeks_of_days));
    store.check_answers(items, 5);
    CHECK(store.rows_changed() == 0);
}

TEST_CASE("a week that is not over is not summed up", "[levels]") {
    Levels store;
    store.writer->append({live_item(1, start_ms)});
    store.writer->append({live_item(2, start_ms + 6 * day_ms + 23 * hour_ms)});
    store.clock.now_ms = start_ms + 7 * day_ms - 1;
    CHECK_FALSE(store.writer->sum_up_week());
    store.clock.now_ms = start_ms + 7 * day_ms;
    // Its last hour is open.
    CHECK_FALSE(store.writer->sum_up_week());
    store.writer->append({live_item(3, start_ms + 7 * day_ms)});
    CHECK(store.writer->sum_up_week());
    CHECK(store.query("SELECT kind, week, request_count FROM usage_weekly WHERE kind = 3") ==
          "3|" + std::to_string(first_week) + "|2");
}

TEST_CASE("the aggregator finds weeks that were tampered with, and days under weeks", "[levels]") {
    Levels store;
    const std::vector<IngestItem> items = live_traffic(600, start_ms, start_ms + 30 * day_ms);
    append_in_batches(*store.writer, items);
    REQUIRE(store.sum_up_weeks() == 4);
    std::string changed;
    SECTION("a sum of weeks") {
        changed = store.query("SELECT count(*) FROM usage_weekly WHERE kind = 3");
        store.tamper("UPDATE usage_weekly SET cost_nano_usd = cost_nano_usd + 1 WHERE kind = 3");
    }
    SECTION("weeks without rows") {
        changed = store.query("SELECT count(*) FROM usage_weekly WHERE kind = 1");
        store.tamper("DELETE FROM usage_weekly WHERE kind = 1");
    }
    SECTION("a histogram of a week") {
        changed = store.query("SELECT count(*) FROM usage_weekly WHERE kind = 2");
        store.tamper("UPDATE usage_weekly SET ttft_histogram = x'07' WHERE kind = 2");
    }
    SECTION("days") {
        // The weeks hold what is right, and are made anew all the same.
        changed = store.query("SELECT count(*) FROM usage_daily WHERE kind = 3");
        store.tamper("UPDATE usage_daily SET request_count = request_count + 1 WHERE kind = 3");
    }
    SECTION("an hour that is open no more, and in no day") {
        changed =
            store.query("SELECT count(*) FROM usage_hourly JOIN usage_open_hours USING (hour_at)");
        store.tamper("DELETE FROM usage_open_hours");
    }
    REQUIRE(changed != "0");
    CHECK(std::to_string(store.rows_changed()) == changed);
    store.check_answers(items, 6);
    store.sum_up_weeks();
    CHECK(store.query(weeks_kept) == store.query(weeks_of_days));
    store.check_answers(items, 7);
    CHECK(store.rows_changed() == 0);
}

TEST_CASE("a database of before the weeks has the same figures, and gets weeks", "[levels]") {
    Levels store;
    // All received at once: nothing is left to an open hour.
    std::vector<IngestItem> items = live_traffic(600, start_ms, start_ms + 30 * day_ms);
    for (IngestItem& item : items) item.received_at_ms = start_ms + 90 * day_ms;
    append_in_batches(*store.writer, items);
    const std::string figures = store.query("SELECT * FROM usage_stats_daily ORDER BY 1, 2, 3, 4");
    store.writer.reset();

    const std::string old_path = store.directory.file("old.db");
    {
        SQLite::Database old = open_for_writing(old_path);
        std::vector<Migration> steps = known_migrations();
        steps.resize(11);
        migrate(old, steps, 1);
        REQUIRE_FALSE(old.tableExists("usage_weekly"));
        old.exec("DROP TABLE usage_stats_daily_before");
        old.exec("ATTACH '" + store.path + "' AS new");
        for (const char* table : {"request_logs", "usage_groups", "usage_daily", "usage_hourly"}) {
            old.exec(std::string("INSERT INTO main.") + table + " SELECT * FROM new." + table);
        }
        old.exec("INSERT INTO main.meta VALUES ('stats_timezone', 'UTC')");
    }
    store.path = old_path;
    store.writer = store.open("UTC");
    CHECK(store.query("PRAGMA user_version") == std::to_string(known_migrations().size()));
    CHECK(store.query("SELECT * FROM usage_stats_daily ORDER BY 1, 2, 3, 4") == figures);
    CHECK(store.query("SELECT count(*) FROM usage_open_weeks") == "0");
    CHECK(store.query("SELECT count(DISTINCT week) FROM usage_weekly") == "5");
    CHECK(store.query(weeks_kept) == store.query(weeks_of_days));
    store.check_answers(items, 8);
    CHECK(store.rows_changed() == 0);
    // What comes in the hour of the last row goes into its day, where the rest of it is.
    const IngestItem next =
        live_item(2'000, std::get<PricedEvent>(items.back().content).event.request_at_ms);
    items.push_back(next);
    store.writer->append({next});
    store.check_answers(items, 9);
    CHECK(store.rows_changed() == 0);
}
