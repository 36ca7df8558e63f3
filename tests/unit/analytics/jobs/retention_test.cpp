// What the retention job deletes, and what it leaves.
#include "analytics/jobs/retention.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/analytics/jobs/jobs_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

constexpr std::int64_t day_ms = 86'400'000;

struct RetentionFixture : JobsFixture {
    /// `count` logs, the first of that moment, one a millisecond.
    void add(unsigned count, std::int64_t from_ms) {
        std::vector<IngestItem> batch;
        for (unsigned i = 0; i < count; ++i) {
            ++added_;
            batch.push_back(make_item(added_, make_event(added_, from_ms + i)));
        }
        writer->append(batch);
    }
    JobReport retain(RetentionRule rule, const std::stop_token& stop = {}) {
        const auto own = reader();
        const JobContext context{clock.now_ms, [this](const auto& step) { write(step); }, *own,
                                 stop};
        return Retention(rule).run_once(context);
    }

  private:
    unsigned added_ = 0;
};

}  // namespace

TEST_CASE("What is old goes, what is younger stays", "[retention]") {
    RetentionFixture fixture;
    const std::int64_t border_ms = fixture.clock.now_ms - 30 * day_ms;
    fixture.add(1200, border_ms - 1200);
    fixture.add(700, border_ms);
    const JobReport report = fixture.retain({30, 0});
    CHECK(Retention::logs_deleted(report) == 1200);
    CHECK(fixture.query("SELECT count(*), min(request_at) FROM request_logs") ==
          "700|" + std::to_string(border_ms));
    CHECK(fixture.reader()->sizes().request_logs == 700);
    CHECK(fixture.query("SELECT value FROM meta WHERE key = 'logs_purged_before_ms'") ==
          std::to_string(border_ms));
    CHECK(Retention::logs_deleted(fixture.retain({30, 0})) == 0);
}

TEST_CASE("Daily figures and the totals of tokens stay", "[retention]") {
    RetentionFixture fixture;
    fixture.writer->add_token({"token-1", {}, "ann", "api", 1, std::nullopt});
    fixture.add(600, fixture.clock.now_ms - 30 * day_ms);
    const std::string figures = "SELECT * FROM usage_stats_daily ORDER BY stat_date";
    const std::string totals = "SELECT total_requests, total_tokens, last_used_at FROM tokens";
    const std::string figures_before = fixture.query(figures);
    const std::string totals_before = fixture.query(totals);
    CHECK(Retention::logs_deleted(fixture.retain({7, 0})) == 600);
    CHECK(fixture.query(figures) == figures_before);
    CHECK(fixture.query(totals) == totals_before);
}

TEST_CASE("Without a rule nothing is deleted", "[retention]") {
    RetentionFixture fixture;
    fixture.add(10, 0);
    CHECK(Retention::logs_deleted(fixture.retain({0, 0})) == 0);
    CHECK(fixture.reader()->sizes().request_logs == 10);
    CHECK(fixture.query("SELECT count(*) FROM meta WHERE key = 'logs_purged_before_ms'") == "0");
}

TEST_CASE("Conversations have an age of their own", "[retention]") {
    RetentionFixture fixture;
    fixture.writer->add_token({"token-1", {}, "ann", "api", 1, std::nullopt});
    fixture.writer->change_token_settings("token-1", {true});
    std::vector<IngestItem> batch;
    for (unsigned i = 1; i <= 250; ++i) {
        const std::int64_t age_days = i <= 230 ? 40 : 20;
        Event event = make_event(i, fixture.clock.now_ms - age_days * day_ms + i);
        event.conversation = Conversation{
            "", {R"({"role":"user","content":"turn )" + std::to_string(i) + "\"}"}, "", false};
        batch.push_back(make_item(i, event));
    }
    fixture.writer->append(batch);
    const std::string counts =
        "SELECT (SELECT count(*) FROM request_logs), (SELECT count(*) FROM conversations), "
        "(SELECT count(*) FROM messages), (SELECT count(*) FROM conversation_garbage)";
    REQUIRE(fixture.query(counts) == "250|250|250|0");
    const JobReport report = fixture.retain({0, 30});
    CHECK(report.at(1) == JobReport::value_type{"conversations_deleted", 230});
    CHECK(fixture.query(counts) == "250|20|20|0");
    CHECK(Retention::logs_deleted(fixture.retain({30, 0})) == 230);
    CHECK(fixture.query(counts) == "20|20|20|0");
}

TEST_CASE("A run that is stopped leaves the rest to the next", "[retention]") {
    RetentionFixture fixture;
    fixture.add(1200, 0);
    std::stop_source stop;
    {
        const auto own = fixture.reader();
        const auto write = [&](const std::function<void(StoreWriter&)>& step) {
            fixture.write(step);
            stop.request_stop();
        };
        const JobReport report =
            Retention({1, 0}).run_once({fixture.clock.now_ms, write, *own, stop.get_token()});
        CHECK(Retention::logs_deleted(report) == 500);
    }
    CHECK(fixture.reader()->sizes().request_logs == 700);
    CHECK(Retention::logs_deleted(fixture.retain({1, 0})) == 700);
}

TEST_CASE("The file shrinks by what was deleted", "[retention]") {
    RetentionFixture fixture;
    fixture.add(5000, 0);
    fixture.add(10, fixture.clock.now_ms);
    fixture.writer->checkpoint();
    const auto before = std::filesystem::file_size(fixture.path);
    const JobReport report = fixture.retain({30, 0});
    CHECK(fixture.reader()->sizes().free_bytes == 0);
    CHECK(std::filesystem::file_size(fixture.path) + 1'000'000 < before);
    CHECK(report.at(2).first == "bytes_released");
    CHECK(report.at(2).second + 500'000 > static_cast<std::int64_t>(before));
    CHECK(fixture.query("PRAGMA integrity_check") == "ok");
}
