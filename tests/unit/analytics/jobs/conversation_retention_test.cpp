// What the retention job deletes of conversations: in small steps, with what nobody else holds, and
// the file shrinks by it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

#include "analytics/jobs/retention.hpp"
#include "tests/unit/analytics/store/conversation_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

constexpr std::int64_t day_ms = 86'400'000;

struct ConversationRetentionFixture : ConversationFixture {
    /// `count` conversations of one message of its own each, and a system prompt that all share.
    void fill(unsigned first, unsigned count, const std::string& token_id, std::int64_t from_ms,
              std::size_t message_bytes = 20) {
        std::vector<IngestItem> batch;
        for (unsigned i = first; i < first + count; ++i) {
            Event event = make_turn(i, {said("user", random_text(message_bytes))}, "");
            event.token_id = token_id;
            event.request_at_ms = from_ms + i;
            batch.push_back(make_item(i, event));
        }
        writer->append(batch);
    }

    JobReport retain(const RetentionRule& rule) {
        const auto own = reader();
        const auto write = [this](const std::function<void(StoreWriter&)>& step) {
            const std::int64_t rows_before = rows();
            step(*writer);
            largest_step = std::max(largest_step, rows_before - rows());
        };
        return Retention(rule).run_once({clock.now_ms, write, *own, {}});
    }

    [[nodiscard]] std::int64_t file_bytes() const {
        writer->checkpoint();
        return static_cast<std::int64_t>(std::filesystem::file_size(path));
    }

    std::int64_t largest_step = 0;  ///< Rows that one step of a run has deleted.

  private:
    /// No two are alike, and they hardly deflate.
    std::string random_text(std::size_t bytes) {
        std::string text(bytes, ' ');
        for (char& letter : text) letter = static_cast<char>('0' + random_() % 75);
        std::replace(text.begin(), text.end(), '\\', '/');
        return text;
    }
    [[nodiscard]] std::int64_t rows() const {
        return std::stoll(
            query("SELECT (SELECT count(*) FROM conversations) + (SELECT count(*) FROM "
                  "message_lists) + (SELECT count(*) FROM messages)"));
    }

    std::minstd_rand random_{1};
};

}  // namespace

TEST_CASE("A run deletes in small steps, however much is old", "[retention][conversations]") {
    ConversationRetentionFixture f;
    f.fill(1, 3000, "token-1", f.clock.now_ms - 40 * day_ms);
    REQUIRE(f.counts() == "3000|3001|3001|0|3000");
    const JobReport report = f.retain({0, 30});
    CHECK(Retention::conversations_deleted(report) == 3000);
    CHECK(f.counts() == "0|0|0|0|0");
    CHECK(f.largest_step > 0);
    CHECK(f.largest_step <= 1000);
}

TEST_CASE("A token's conversations go at any age, the others' and what they share stay",
          "[retention][conversations]") {
    ConversationRetentionFixture f;
    f.add_token("token-2");
    f.writer->change_token_settings("token-2", {true});
    f.fill(1, 150, "token-1", f.clock.now_ms);
    f.fill(151, 50, "token-1", f.clock.now_ms - 90 * day_ms);
    f.fill(201, 30, "token-2", f.clock.now_ms - 90 * day_ms);
    const std::string of_others =
        "SELECT * FROM conversation_contents WHERE token_id = 'token-2' ORDER BY id";
    const std::string before = f.view(of_others);
    const JobReport report = f.retain({0, 0, "token-1"});
    CHECK(Retention::conversations_deleted(report) == 200);
    CHECK(Retention::logs_deleted(report) == 0);
    CHECK(f.counts() == "30|31|31|0|30");
    CHECK(f.view(of_others) == before);
    CHECK(f.query("SELECT count(*) FROM request_logs") == "230");
    CHECK(Retention::conversations_deleted(f.retain({0, 0, "nobody"})) == 0);
    CHECK(f.counts() == "30|31|31|0|30");
}

TEST_CASE("Roll-ups and the totals of tokens outlive conversations", "[retention][conversations]") {
    ConversationRetentionFixture f;
    f.fill(1, 50, "token-1", f.clock.now_ms - 40 * day_ms);
    const std::string figures = "SELECT * FROM usage_stats_daily ORDER BY stat_date";
    const std::string totals = "SELECT total_requests, total_tokens, last_used_at FROM tokens";
    const std::string figures_before = f.query(figures);
    const std::string totals_before = f.query(totals);
    REQUIRE_FALSE(figures_before.empty());
    CHECK(Retention::conversations_deleted(f.retain({30, 30})) == 50);
    CHECK(f.query(figures) == figures_before);
    CHECK(f.query(totals) == totals_before);
}

TEST_CASE("The file shrinks by what was said", "[retention][conversations]") {
    ConversationRetentionFixture f;
    f.fill(1, 20, "token-1", f.clock.now_ms, 1000);
    const std::int64_t with_young = f.file_bytes();
    f.fill(21, 2000, "token-1", f.clock.now_ms - 40 * day_ms, 4000);
    f.fill(2021, 1, "token-1", f.clock.now_ms - 40 * day_ms, 4'000'000);
    const std::int64_t full = f.file_bytes();
    REQUIRE(full > with_young + 9'000'000);
    const JobReport report = f.retain({30, 30});
    CHECK(f.reader()->sizes().free_bytes == 0);
    CHECK(report.at(2).first == "bytes_released");
    CHECK(report.at(2).second > full - with_young - 200'000);
    CHECK(f.file_bytes() < with_young + 200'000);
    CHECK(f.query("PRAGMA integrity_check") == "ok");
}
