// Statistics through the API: shapes, ranges in days of the zone, refusals.
#include <catch2/catch.hpp>

#include "tests/unit/analytics/api/api_fixture.hpp"

namespace ccproxy::analytics::test {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t midnight_ms = 1'772'323'200'000;  // 2026-03-01T00:00:00Z, a Sunday.

/// Some requests; the clock stands at 10:30 of the day.
struct StatsApi : ApiFixture {
    StatsApi() {
        clock.now_ms = midnight_ms + 10 * hour_ms + hour_ms / 2;
        add("ann", "m1", 0, 100);
        add("ann", "m2", 1, 300);
        add("bob", "m1", 1, 200, false);
        add("ann", "m1", -24, 1'000);
        add("cat", "", -24 * 6 - 1, 5'000);
    }
    /// A request `hours` after the beginning of today.
    void add(const std::string& user, const std::string& model, int hours, std::int64_t duration_ms,
             bool success = true) {
        add_log([&](PricedEvent& priced) {
            Event& event = priced.event;
            event.token_id = "token-" + user;
            event.user_name = user;
            event.account_id = "account";
            event.mode = "api";
            event.model = model;
            event.request_at_ms = midnight_ms + hours * hour_ms;
            event.duration_ms = duration_ms;
            event.success = success;
            if (!success) return;
            event.ttft_ms = duration_ms / 2;
            event.usage = {10, 20, 30, 40, 7};
            event.usage_source = UsageSource::final;
            priced.cost_nano_usd = 1'000;
        });
    }
    /// The answer, which must be 200.
    [[nodiscard]] JsonAnswer ask(const std::string& target) const {
        JsonAnswer answer = get("/api/stats/" + target);
        CAPTURE(target, answer.body);
        REQUIRE(answer.status == 200);
        return answer;
    }
    [[nodiscard]] std::int64_t count(const std::string& target) const {
        return number_of(ask(target).json["request_count"]);
    }
};

}  // namespace

TEST_CASE("The figures of a token", "[api][stats]") {
    const StatsApi api;
    const JsonAnswer answer = api.ask("tokens/token-ann");
    CHECK(answer.body ==
          R"({"token_id":"token-ann","days":7,"from":"2026-02-23T00:00:00.000Z",)"
          R"("to":"2026-03-02T00:00:00.000Z","timezone":"UTC","request_count":3,)"
          R"("success_count":3,"error_count":0,"success_rate":100.0,"total_prompt_tokens":300,)"
          R"("total_completion_tokens":21,"total_tokens":321,)"
          R"("total_cache_creation_5m_tokens":60,"total_cache_creation_1h_tokens":90,)"
          R"("total_cache_read_tokens":120,"usage_count":3,"total_cost_nano_usd":3000,)"
          R"("cost_count":3,"avg_duration_ms":466.6666666666667,)"
          R"("avg_ttft_ms":233.33333333333335,"ttft_count":3,"p50_duration_ms":299,)"
          R"("p95_duration_ms":999,"p99_duration_ms":999,"p50_ttft_ms":149,"p95_ttft_ms":499,)"
          R"("p99_ttft_ms":499})");
    // The failed request has no usage, and no time to first token.
    const JsonAnswer bob = api.ask("tokens/token-bob");
    CHECK(number_of(bob.json["error_count"]) == 1);
    CHECK(number_of(bob.json["usage_count"]) == 0);
    CHECK(bob.json["p50_ttft_ms"].IsNull());
    CHECK(number_of(bob.json["p50_duration_ms"]) == 201);
    CHECK(number_of(api.ask("accounts/account").json["request_count"]) == 4);
    CHECK(number_of(api.ask("accounts/account?days=8").json["request_count"]) == 5);
}

TEST_CASE("An id that nothing is known of has zeros", "[api][stats]") {
    const StatsApi api;
    for (const std::string path : {"tokens/nobody", "accounts/nobody", "tokens/account"}) {
        const JsonAnswer answer = api.ask(path);
        CHECK(number_of(answer.json["request_count"]) == 0);
        CHECK(answer.json["success_rate"].GetDouble() == 0);
        CHECK(answer.json["avg_duration_ms"].GetDouble() == 0);
        CHECK(answer.json["p50_duration_ms"].IsNull());
    }
    CHECK_THAT(api.ask("tokens/longer-than-a-register-%1a%1f").body,
               Catch::Contains(R"(longer-than-a-register-\u001A\u001F")"));
    CHECK(api.ask("tokens/nobody/trend?days=3").json["trend"].Size() == 3);
}

TEST_CASE("A trend has every day, empty ones as zeros", "[api][stats]") {
    const StatsApi api;
    const JsonAnswer answer = api.ask("tokens/token-ann/trend?days=3");
    const auto& trend = answer.json["trend"];
    REQUIRE(trend.Size() == 3);
    const std::vector<std::pair<std::string, int>> expected{
        {"2026-02-27", 0}, {"2026-02-28", 1}, {"2026-03-01", 2}};
    for (rapidjson::SizeType i = 0; i < 3; ++i) {
        CHECK(text_of(trend[i]["date"]) == expected[i].first);
        CHECK(number_of(trend[i]["request_count"]) == expected[i].second);
    }
    CHECK(number_of(answer.json["days"]) == 3);
    CHECK(api.ask("accounts/account/trend").json["trend"].Size() == 30);
    CHECK(api.ask("accounts/account/trend?days=3660").json["trend"].Size() == 3660);
}

TEST_CASE("Ranges: days, dates with the last one included, moments by whole hours",
          "[api][stats]") {
    const StatsApi api;
    const auto count = [&](const std::string& query) {
        return api.count("accounts/account?" + query);
    };
    CHECK(count("days=1") == 3);
    CHECK(count("days=2") == 4);
    CHECK(count("from_date=2026-02-28") == 4);
    CHECK(count("from_date=2026-02-28&to_date=2026-02-28") == 1);
    CHECK(count("to_date=2026-02-28") == 2);
    CHECK(count("from_date=2026-03-01T00:00:00Z&to_date=2026-03-01T01:00:00Z") == 1);
    CHECK(count("from_date=2026-03-01T00:59:59Z&to_date=2026-03-01T01:00:00.001Z") == 3);
    CHECK(count("from_date=2026-03-01T02:00:00%2B01:00") == 2);
    const JsonAnswer answer =
        api.ask("accounts/account?from_date=2026-02-28T23:59:00Z&to_date=2026-03-01T00:00:01Z");
    CHECK(text_of(answer.json["from"]) == "2026-02-28T23:00:00.000Z");
    CHECK(text_of(answer.json["to"]) == "2026-03-01T01:00:00.000Z");
    CHECK(number_of(answer.json["days"]) == 2);
}

TEST_CASE("The overview", "[api][stats]") {
    const StatsApi api;
    const JsonAnswer today = api.ask("overview");
    CHECK(number_of(today.json["total_requests"]) == 3);
    CHECK(number_of(today.json["total_tokens"]) == 214);
    CHECK(number_of(today.json["total_users"]) == 2);
    CHECK(number_of(today.json["active_tokens"]) == 2);
    CHECK(number_of(today.json["by_mode"]["api"]["total_requests"]) == 3);
    CHECK(number_of(today.json["by_model"]["m1"]["total_requests"]) == 2);
    CHECK(number_of(today.json["by_model"]["m1"]["total_tokens"]) == 107);
    CHECK(number_of(today.json["by_model"]["m2"]["success_count"]) == 1);
    const JsonAnswer all = api.ask("overview?days=30");
    CHECK(number_of(all.json["total_users"]) == 3);
    CHECK(number_of(all.json["by_model"]["unknown"]["total_requests"]) == 1);
}

TEST_CASE("Today by the hour", "[api][stats]") {
    StatsApi api;
    const JsonAnswer answer = api.ask("realtime");
    CHECK(text_of(answer.json["date"]) == "2026-03-01");
    CHECK(number_of(answer.json["total_requests"]) == 3);
    CHECK(number_of(answer.json["error_count"]) == 1);
    CHECK(answer.json["avg_duration_ms"].GetDouble() == 200);
    const auto& hours = answer.json["hours"];
    REQUIRE(hours.Size() == 11);
    CHECK(text_of(hours[0]["hour"]) == "2026-03-01T00:00:00.000Z");
    CHECK(number_of(hours[0]["total_requests"]) == 1);
    CHECK(number_of(hours[1]["total_requests"]) == 2);
    CHECK(number_of(hours[2]["total_requests"]) == 0);
    api.clock.now_ms = midnight_ms + 24 * hour_ms;
    CHECK(number_of(api.ask("realtime").json["total_requests"]) == 0);
}

TEST_CASE("Who and what was used most", "[api][stats]") {
    StatsApi api;
    const auto names = [&](const std::string& target, const char* list, const char* label) {
        std::string text;
        const JsonAnswer rows = api.ask(target);
        for (const auto& row : rows.json[list].GetArray()) {
            text += (row[label].IsNull() ? "null" : row[label].GetString()) + std::string(" ");
        }
        return text;
    };
    const JsonAnswer answer = api.ask("top/tokens?days=8&limit=2");
    CHECK(number_of(answer.json["days"]) == 8);
    CHECK(number_of(answer.json["limit"]) == 2);
    CHECK(answer.json["tokens"].Size() == 2);
    CHECK(number_of(answer.json["tokens"][0]["total_requests"]) == 3);
    CHECK(names("top/tokens?days=8", "tokens", "token_id") == "token-ann token-cat token-bob ");
    CHECK(names("top/models?days=8", "models", "model") == "m1 null m2 ");
    CHECK(names("top/models?days=1&sort=total_requests", "models", "model") == "m1 m2 ");
}

TEST_CASE("A breakdown by any dimensions", "[api][stats]") {
    const StatsApi api;
    const JsonAnswer answer =
        api.ask("breakdown?group_by=user,day,model&account_id=account&days=8");
    const auto& rows = answer.json["rows"];
    REQUIRE(rows.Size() == 5);
    CHECK(text_of(rows[0]["date"]) == "2026-02-22");
    CHECK(text_of(rows[0]["user_name"]) == "cat");
    CHECK(rows[0]["model"].IsNull());
    CHECK_FALSE(rows[0].HasMember("token_id"));
    CHECK(number_of(rows[0]["p50_duration_ms"]) == 5055);
    CHECK(answer.json["truncated"].IsFalse());
    CHECK(number_of(answer.json["total_rows"]) == 5);
    CHECK(text_of(answer.json["group_by"][1]) == "day");

    const JsonAnswer cut =
        api.ask("breakdown?group_by=token&sort=avg_duration_ms&order=asc&limit=1&days=8");
    CHECK(cut.json["truncated"].IsTrue());
    CHECK(number_of(cut.json["total_rows"]) == 3);
    CHECK(text_of(cut.json["rows"][0]["token_id"]) == "token-bob");

    const JsonAnswer hours = api.ask("breakdown?group_by=hour&model=m1&order=desc");
    CHECK(text_of(hours.json["rows"][0]["hour"]) == "2026-03-01T01:00:00.000Z");
    CHECK(api.ask("breakdown?group_by=mode&mode=web").json["rows"].Size() == 0);
}

TEST_CASE("What is wrong with a question is 400 and named", "[api][stats]") {
    const StatsApi api;
    const std::vector<std::pair<std::string, std::string>> questions{
        {"tokens/t?days=0", "days"},
        {"tokens/t?days=3661", "days"},
        {"tokens/t?days=x", "days"},
        {"tokens/t?days=7&from_date=2026-01-01", "days"},
        {"tokens/t?to_date=2026-01-01&days=7", "days"},
        {"tokens/t?from_date=2026-02-30", "from_date"},
        {"tokens/t?from_date=yesterday", "from_date"},
        {"tokens/t?from_date=1969-12-31", "from_date"},
        {"tokens/t?from_date=0001-01-01T00:00:00Z", "from_date"},
        {"tokens/t?to_date=2026-03-01T25:00:00Z", "to_date"},
        {"tokens/t?from_date=2026-03-02", "from_date"},
        {"tokens/t?from_date=2026-02-02&to_date=2026-02-01", "from_date"},
        {"tokens/t?from_date=2000-01-01", "from_date"},
        {"tokens/t?limit=3", "limit"},
        {"tokens/" + std::string(257, 'x'), "id"},
        {"tokens/t/trend?days=-1", "days"},
        {"accounts/a?token_id=t", "token_id"},
        {"overview?days=1&days=2", "days"},
        {"realtime?days=1", "days"},
        {"top/tokens?limit=1001", "limit"},
        {"top/models?sort=name", "sort"},
        {"breakdown", "group_by"},
        {"breakdown?group_by=", "group_by"},
        {"breakdown?group_by=token,", "group_by"},
        {"breakdown?group_by=token,token", "group_by"},
        {"breakdown?group_by=day,hour", "group_by"},
        {"breakdown?group_by=conversation", "group_by"},
        {"breakdown?group_by=token&mode=both", "mode"},
        {"breakdown?group_by=token&sort=size", "sort"},
        {"breakdown?group_by=token&order=up", "order"},
        {"breakdown?group_by=token&limit=0", "limit"},
        {"breakdown?group_by=token&model=%00", "model"},
    };
    for (const auto& [question, named] : questions) {
        CAPTURE(question);
        const JsonAnswer answer = api.get("/api/stats/" + question);
        CHECK(answer.status == 400);
        CHECK_THAT(answer.error(), Catch::StartsWith(named + ":"));
    }
}

}  // namespace ccproxy::analytics::test
