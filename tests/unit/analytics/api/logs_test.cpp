// Request logs through the API: shape, filters, pages, order.
#include <catch2/catch.hpp>
#include <set>

#include "tests/unit/analytics/api/api_fixture.hpp"

namespace ccproxy::analytics::test {
namespace {

PricedEvent full_event() {
    PricedEvent priced;
    Event& event = priced.event;
    event.token_id = "t";
    event.user_name = "Zoë";
    event.account_id = "a";
    event.mode = "web";
    event.model = "m";
    event.stream = true;
    event.request_at_ms = 1'772'323'200'001;
    event.response_at_ms = 1'772'323'201'501;
    event.duration_ms = 1500;
    event.ttft_ms = 200;
    event.usage = {100, 20, 30, 50, 7};
    event.usage_source = UsageSource::partial;
    event.status_code = 499;
    event.error_message = "the client \"left\"";
    event.conversation_id = "c";
    event.agent_id = "g";
    event.stop_reason = "end_turn";
    event.upstream_request_id = "u";
    event.attempts = 2;
    event.attempts_detail = {{"b", 529, "busy", 12}, {"a", 0, "refused", 3}};
    priced.cost_nano_usd = 123'456'789'012;
    return priced;
}

/// The ids of a page, in its order.
std::vector<std::string> ids(const JsonAnswer& answer) {
    REQUIRE(answer.status == 200);
    std::vector<std::string> list;
    for (const auto& log : answer.json["logs"].GetArray()) list.push_back(log["id"].GetString());
    return list;
}

std::size_t count(const ApiFixture& api, const std::string& query) {
    const JsonAnswer answer = api.get("/api/logs/requests?" + query);
    CAPTURE(query, answer.body);
    REQUIRE(answer.status == 200);
    CHECK(answer.json["total"].GetUint64() == answer.json["logs"].Size());
    return answer.json["logs"].Size();
}

}  // namespace

TEST_CASE("A log has every column of the contract", "[api][logs]") {
    ApiFixture api;
    const std::string id = api.add_log([](PricedEvent& priced) { priced = full_event(); });
    const std::string expected =
        R"({"id":")" + id +
        R"(","token_id":"t","account_id":"a","user_name":"Zoë","mode":"web","model":"m",)"
        R"("stream":true,"request_at":"2026-03-01T00:00:00.001Z",)"
        R"("response_at":"2026-03-01T00:00:01.501Z","duration_ms":1500,"ttft_ms":200,)"
        R"("prompt_tokens":200,"completion_tokens":7,"total_tokens":207,)"
        R"("cache_creation_5m_tokens":20,"cache_creation_1h_tokens":30,"cache_read_tokens":50,)"
        R"("usage_source":"partial","cost_nano_usd":123456789012,"status_code":499,)"
        R"("success":false,"error_message":"the client \"left\"","stop_reason":"end_turn",)"
        R"("conversation_id":"c","agent_id":"g","upstream_request_id":"u","attempts":2,)"
        R"("attempts_detail":[{"account_id":"b","status":529,"error":"busy","duration_ms":12},)"
        R"({"account_id":"a","status":null,"error":"refused","duration_ms":3}],)"
        R"("proxy_id":"proxy-1"})";
    const JsonAnswer one = api.get("/api/logs/requests/" + id);
    CHECK(one.status == 200);
    CHECK(one.body == expected);
    CHECK(one.header("content-type") == "application/json");
    CHECK(one.header("cache-control") == "no-store");
    CHECK(one.header("x-content-type-options") == "nosniff");
    const JsonAnswer page = api.get("/api/logs/requests");
    CHECK(page.body == R"({"logs":[)" + expected +
                           R"(],"total":1,"page":0,"limit":50,"next_cursor":null,)"
                           R"("total_is_exact":true})");
}

TEST_CASE("What is not known is null, not zero", "[api][logs]") {
    ApiFixture api;
    const JsonAnswer answer = api.get("/api/logs/requests/" + api.add_log());
    for (const char* name :
         {"account_id", "user_name", "mode", "model", "ttft_ms", "prompt_tokens",
          "completion_tokens", "total_tokens", "cache_creation_5m_tokens",
          "cache_creation_1h_tokens", "cache_read_tokens", "cost_nano_usd", "error_message",
          "stop_reason", "conversation_id", "agent_id", "upstream_request_id", "attempts_detail"}) {
        CAPTURE(name);
        CHECK(answer.json[name].IsNull());
    }
    CHECK(text_of(answer.json["usage_source"]) == "none");
}

TEST_CASE("A log that is not there is a 404", "[api][logs]") {
    const ApiFixture api;
    for (const char* id : {"01890000-0000-7000-8000-000000000000", "x", "1%27%20OR%201=1", "%20"}) {
        CAPTURE(id);
        const JsonAnswer answer = api.get(std::string("/api/logs/requests/") + id);
        CHECK(answer.status == 404);
        CHECK_FALSE(answer.error().empty());
    }
}

TEST_CASE("Each filter picks what it says", "[api][logs]") {
    ApiFixture api;
    api.add_log([](PricedEvent& priced) { priced = full_event(); });
    api.add_log([](PricedEvent& priced) {
        priced.event.token_id = "other";
        priced.event.mode = "api";
        priced.event.request_at_ms = 1'772'323'200'000 - 86'400'000;  // The day before.
    });
    CHECK(count(api, "") == 2);
    for (const char* query :
         {"token_id=t", "account_id=a", "user_name=Zo%C3%AB", "mode=web", "model=m",
          "conversation_id=c", "success=false", "status_code=499", "from_date=2026-03-01",
          "from_date=2026-03-01T00:00:00.001Z", "from_date=2026-03-01T08:00:00%2B08:00",
          "from_date=2026-03-01T08:00:00+08:00", "token_id=t&success=false&to_date=2026-03-01"}) {
        CAPTURE(query);
        const JsonAnswer answer = api.get(std::string("/api/logs/requests?") + query);
        REQUIRE(answer.status == 200);
        REQUIRE(answer.json["logs"].Size() == 1);
        CHECK(text_of(answer.json["logs"][0]["token_id"]) == "t");
    }
    for (const char* query :
         {"token_id=other", "mode=api", "success=true", "status_code=200", "to_date=2026-02-28",
          "from_date=2026-02-28&to_date=2026-02-28", "to_date=2026-03-01T00:00:00.001Z"}) {
        CAPTURE(query);
        const JsonAnswer answer = api.get(std::string("/api/logs/requests?") + query);
        REQUIRE(answer.status == 200);
        REQUIRE(answer.json["logs"].Size() == 1);
        CHECK(text_of(answer.json["logs"][0]["token_id"]) == "other");
    }
    CHECK(count(api, "token_id=t%27%20OR%20%271%27=%271") == 0);
    CHECK(count(api, "user_name=zo%C3%AB") == 0);
    CHECK(count(api, "to_date=2026-03-01") == 2);
}

TEST_CASE("Pages by number and by cursor have each log once", "[api][logs]") {
    ApiFixture api;
    std::vector<std::string> newest_first;
    for (int i = 0; i < 7; ++i) {
        newest_first.insert(newest_first.begin(), api.add_log([i](PricedEvent& priced) {
            priced.event.request_at_ms += i;
        }));
    }
    const JsonAnswer second = api.get("/api/logs/requests?limit=3&page=1");
    CHECK(number_of(second.json["total"]) == 7);
    CHECK(number_of(second.json["page"]) == 1);
    CHECK(number_of(second.json["limit"]) == 3);
    CHECK(ids(second) == std::vector(newest_first.begin() + 3, newest_first.begin() + 6));
    CHECK(ids(api.get("/api/logs/requests?limit=3&page=9")).empty());

    std::vector<std::string> seen;
    std::string cursor;
    for (int pages = 1;; ++pages) {
        const std::string more = cursor.empty() ? "" : "&cursor=" + cursor;
        const JsonAnswer page = api.get("/api/logs/requests?limit=3" + more);
        for (const std::string& id : ids(page)) seen.push_back(id);
        // A log that comes while a client pages does not shift the pages behind.
        api.add_log([pages](PricedEvent& priced) { priced.event.request_at_ms += 100 + pages; });
        if (page.json["next_cursor"].IsNull()) {
            CHECK(pages == 3);
            break;
        }
        cursor = page.json["next_cursor"].GetString();
    }
    CHECK(seen == newest_first);
}

TEST_CASE("Every sort goes both ways and pages through all", "[api][logs]") {
    ApiFixture api;
    for (int i = 0; i < 6; ++i) {
        api.add_log([i](PricedEvent& priced) {
            priced.event.request_at_ms += i;
            priced.event.duration_ms = i % 3;
            if (i % 2 == 0) priced.event.ttft_ms = 10 - i;
            if (i % 2 == 0) priced.cost_nano_usd = i;
            priced.event.usage_source = i == 5 ? UsageSource::none : UsageSource::final;
            if (i != 5) priced.event.usage.output_tokens = i;
            priced.event.status_code = 200 + i / 2;
        });
    }
    for (const std::string sort :
         {"request_at", "duration_ms", "ttft_ms", "total_tokens", "cost_nano_usd", "status_code"}) {
        for (const std::string order : {"asc", "desc"}) {
            const std::string target = "/api/logs/requests?sort=" + sort + "&order=" + order;
            CAPTURE(target);
            const JsonAnswer whole = api.get(target);
            REQUIRE(ids(whole).size() == 6);
            const rapidjson::Value& logs = whole.json["logs"];
            for (rapidjson::SizeType i = 1; i < logs.Size(); ++i) {
                const rapidjson::Value& left = logs[i - 1][sort];
                const rapidjson::Value& right = logs[i][sort];
                if (left.IsNull() || right.IsNull()) continue;
                const auto before = [](const rapidjson::Value& a, const rapidjson::Value& b) {
                    if (a.IsString()) return std::string(a.GetString()) <= b.GetString();
                    return a.GetInt64() <= b.GetInt64();
                };
                CHECK((order == "asc" ? before(left, right) : before(right, left)));
            }
            std::vector<std::string> paged;
            for (std::string cursor; paged.size() < 20;) {
                const std::string more = cursor.empty() ? "" : "&cursor=" + cursor;
                const JsonAnswer page = api.get(target + "&limit=2" + more);
                for (const std::string& id : ids(page)) paged.push_back(id);
                if (page.json["next_cursor"].IsNull()) break;
                cursor = page.json["next_cursor"].GetString();
            }
            CHECK(paged == ids(whole));
        }
    }
}

TEST_CASE("A cursor of another list is refused by name", "[api][logs]") {
    ApiFixture api;
    for (int i = 0; i < 3; ++i) api.add_log();
    const JsonAnswer page = api.get("/api/logs/requests?limit=1");
    const std::string cursor = page.json["next_cursor"].GetString();
    for (const std::string& query :
         {"cursor=" + cursor + "&order=asc", "cursor=" + cursor + "&sort=status_code",
          std::string("cursor=nonsense"), "cursor=" + cursor + "x"}) {
        CAPTURE(query);
        const JsonAnswer answer = api.get("/api/logs/requests?" + query);
        CHECK(answer.status == 400);
        CHECK_THAT(answer.error(), Catch::StartsWith("cursor:"));
    }
}

TEST_CASE("A malformed or unknown parameter is a 400 that names it", "[api][logs]") {
    const ApiFixture api;
    const std::vector<std::pair<std::string, std::string>> queries{
        {"page=-1", "page"},
        {"page=x", "page"},
        {"page=1000000001", "page"},
        {"page=0&page=1", "page"},
        {"limit=0", "limit"},
        {"limit=1001", "limit"},
        {"limit=", "limit"},
        {"sort=id", "sort"},
        {"sort=request_at;", "sort"},
        {"order=up", "order"},
        {"success=1", "success"},
        {"status_code=20", "status_code"},
        {"mode=both", "mode"},
        {"status_code=1000", "status_code"},
        {"model=", "model"},
        {"model", "model"},
        {"tokenid=x", "tokenid"},
        {"from_date=1", "from_date"},
        {"to_date=2026-02-30", "to_date"},
        {"from_date=2026-03-02&to_date=2026-03-01", "from_date"},
        {"token_id=" + std::string(257, 'x'), "token_id"},
        {"cursor=" + std::string(1025, 'x'), "cursor"},
        {"model=%ff", "model"},
        {"model=a%00b", "model"},
    };
    for (const auto& [query, named] : queries) {
        CAPTURE(query);
        const JsonAnswer answer = api.get("/api/logs/requests?" + query);
        CHECK(answer.status == 400);
        CHECK_THAT(answer.error(), Catch::StartsWith(named + ":"));
    }
}

}  // namespace ccproxy::analytics::test
