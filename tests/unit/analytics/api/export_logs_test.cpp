// Exports of request logs: what is in the file, and that it is all that fits.
#include <catch2/catch.hpp>
#include <sstream>

#include "proto/json_fields.hpp"
#include "tests/unit/analytics/api/api_fixture.hpp"

namespace ccproxy::analytics::test {
namespace {

http::test::Answer export_logs(const ApiFixture& fixture, const std::string& query) {
    return http::test::exchange(fixture.port(), "GET", "/api/logs/requests/export" + query,
                                {{"X-Admin-Key", admin_key}});
}

std::vector<std::string> lines_of(const std::string& text, const std::string& end) {
    std::vector<std::string> lines;
    std::size_t at = 0;
    for (std::size_t next = 0; (next = text.find(end, at)) != std::string::npos;) {
        lines.push_back(text.substr(at, next - at));
        at = next + end.size();
    }
    CHECK(at == text.size());
    return lines;
}

const std::string header =
    "ID,TokenID,AccountID,UserName,Mode,Model,Stream,RequestAt,ResponseAt,DurationMs,TTFTMs,"
    "PromptTokens,CompletionTokens,TotalTokens,StatusCode,Success,ErrorMessage,ConversationID,"
    "CacheCreation5mTokens,CacheCreation1hTokens,CacheReadTokens,UsageSource,CostNanoUSD,"
    "StopReason,AgentID,UpstreamRequestID,Attempts,ProxyID";

void fill(PricedEvent& priced) {
    Event& event = priced.event;
    event.id = "01900000-0000-7000-8000-000000000001";
    event.account_id = "account-1";
    event.user_name = "=cmd|' /C calc'!A0";
    event.mode = "api";
    event.model = "claude, \"the\" model";
    event.stream = true;
    event.ttft_ms = 300;
    event.usage = {100, 20, 30, 4000, 250};
    event.usage_source = UsageSource::final;
    event.conversation_id = "conversation-1";
    event.stop_reason = "end_turn";
    event.agent_id = "-agent";
    event.upstream_request_id = "req_1";
    priced.cost_nano_usd = 12'345;
}

}  // namespace

TEST_CASE("A CSV has the columns of before in their order, ours behind them", "[api][export]") {
    ApiFixture fixture;
    fixture.add_log(fill);
    fixture.add_log([&](PricedEvent& priced) {
        priced.event.id = "01900000-0000-7000-8000-000000000002";
        priced.event.request_at_ms += 1;
        priced.event.success = false;
        priced.event.status_code = 429;
        priced.event.error_message = "too\nmany";
    });
    const http::test::Answer answer = export_logs(fixture, "?format=csv");
    CHECK(answer.status == 200);
    CHECK(answer.header("content-type") == "text/csv; charset=utf-8; header=present");
    CHECK(answer.header("content-disposition") ==
          "attachment; filename=\"request_logs_20260301_000000.csv\"");
    const std::vector<std::string> lines = lines_of(answer.body, "\r\n");
    REQUIRE(lines.size() == 3);
    CHECK(lines[0] == header);
    CHECK(lines[1] ==
          "01900000-0000-7000-8000-000000000001,token,account-1,'=cmd|' /C calc'!A0,api,"
          "\"claude, \"\"the\"\" model\",true,2026-03-01T00:00:00.000Z,2026-03-01T00:00:01.500Z,"
          "1500,300,4150,250,4400,200,true,,conversation-1,20,30,4000,final,12345,end_turn,"
          "'-agent,req_1,1,proxy-1");
    CHECK(lines[2] ==
          "01900000-0000-7000-8000-000000000002,token,,,,,false,2026-03-01T00:00:00.001Z,"
          "2026-03-01T00:00:01.500Z,1500,,,,,429,false,\"too\nmany\",,,,,none,,,,,1,proxy-1");
}

TEST_CASE("JSON and JSONL hold the objects of the list", "[api][export]") {
    ApiFixture fixture;
    fixture.add_log(fill);
    for (int i = 1; i <= 3; ++i) {
        fixture.add_log([&](PricedEvent& priced) { priced.event.request_at_ms += i; });
    }
    const JsonAnswer list = fixture.get("/api/logs/requests?order=asc");
    std::vector<std::string> expected;
    for (const auto& log : list.json["logs"].GetArray()) {
        rapidjson::StringBuffer buffer;
        rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
        log.Accept(writer);
        expected.emplace_back(buffer.GetString(), buffer.GetSize());
    }
    const http::test::Answer lines = export_logs(fixture, "?format=jsonl");
    CHECK(lines.header("content-type") == "application/x-ndjson");
    CHECK(lines.header("content-disposition") ==
          "attachment; filename=\"request_logs_20260301_000000.jsonl\"");
    CHECK(lines_of(lines.body, "\n") == expected);

    const http::test::Answer array = export_logs(fixture, "?format=json");
    CHECK(array.header("content-type") == "application/json");
    std::string all = "[\n";
    for (const std::string& log : expected) all += log + (&log == &expected.back() ? "" : ",\n");
    CHECK(array.body == all + "\n]\n");
}

TEST_CASE("An export of nothing is valid", "[api][export]") {
    ApiFixture fixture;
    CHECK(export_logs(fixture, "").body == header + "\r\n");
    CHECK(export_logs(fixture, "?format=json").body == "[\n]\n");
    CHECK(export_logs(fixture, "?format=jsonl").body.empty());
    fixture.add_log();
    CHECK(export_logs(fixture, "?user_name=nobody").body == header + "\r\n");
}

TEST_CASE("An export takes the filters of the list, and nothing else", "[api][export]") {
    ApiFixture fixture;
    fixture.add_log(fill);
    fixture.add_log([](PricedEvent& priced) { priced.event.token_id = "other"; });
    const auto rows = [&](const std::string& query) {
        return lines_of(export_logs(fixture, query).body, "\r\n").size() - 1;
    };
    CHECK(rows("") == 2);
    CHECK(rows("?token_id=other") == 1);
    CHECK(rows("?conversation_id=conversation-1&success=true&status_code=200") == 1);
    CHECK(rows("?to_date=2026-02-28") == 0);
    for (const char* query : {"?format=xml", "?page=1", "?limit=5", "?sort=request_at",
                              "?status_code=1", "?from_date=x", "?format=csv&format=csv"}) {
        const JsonAnswer answer = fixture.get(std::string("/api/logs/requests/export") + query);
        CHECK(answer.status == 400);
        const std::string name = std::string(query).substr(1, std::string(query).find('=') - 1);
        CHECK(answer.error().starts_with(name + ": "));
    }
    CHECK(fixture.call("GET", "/api/logs/requests/export", {}).status == 401);
}

TEST_CASE("An export is counted by how it ended", "[api][export]") {
    ApiFixture fixture;
    fixture.add_log();
    export_logs(fixture, "");
    http::test::exchange(fixture.port(), "HEAD", "/api/logs/requests/export",
                         {{"X-Admin-Key", admin_key}});
    const std::string metrics = http::test::exchange(fixture.port(), "GET", "/metrics").body;
    CHECK(metrics.find("analyticsd_exports_total{outcome=\"complete\"} 1\n") != std::string::npos);
    CHECK(metrics.find("analyticsd_exports_total{outcome=\"broken_off\"} 0\n") !=
          std::string::npos);
    CHECK(metrics.find("analyticsd_exports_running 0\n") != std::string::npos);
}

}  // namespace ccproxy::analytics::test
