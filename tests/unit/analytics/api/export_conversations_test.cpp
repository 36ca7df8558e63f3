// Exports of conversations.
#include <catch2/catch.hpp>

#include "tests/unit/analytics/api/api_fixture.hpp"

namespace ccproxy::analytics::test {
namespace {

std::string add_said(ApiFixture& api, const std::string& words) {
    return api.add_conversation([&](Event& event) {
        event.conversation_id = words;
        event.conversation->messages = {R"({"role":"user","content":")" + words + R"("})"};
    });
}

http::test::Answer export_all(const ApiFixture& api, const std::string& query) {
    return http::test::exchange(api.port(), "GET", "/api/conversations/export" + query,
                                {{"X-Admin-Key", admin_key}});
}

}  // namespace

TEST_CASE("Conversations are exported as they are shown", "[api][export]") {
    ApiFixture api;
    std::string lines;
    std::string array;
    for (const char* words : {"one", "two \\\"quoted\\\"", "three"}) {
        const std::string id = add_said(api, words);
        const std::string shown = api.get("/api/conversations/" + id).body;
        lines += shown + "\n";
        array += (array.empty() ? "[\n" : ",\n") + shown;
    }
    const http::test::Answer as_lines = export_all(api, "?format=jsonl");
    CHECK(as_lines.status == 200);
    CHECK(as_lines.header("content-type") == "application/x-ndjson");
    CHECK(as_lines.header("content-disposition") ==
          "attachment; filename=\"conversations_20260301_000000.jsonl\"");
    CHECK(as_lines.body == lines);
    const http::test::Answer as_array = export_all(api, "");
    CHECK(as_array.header("content-type") == "application/json");
    CHECK(as_array.body == array + "\n]\n");
}

TEST_CASE("Many conversations are exported over many pieces", "[api][export]") {
    ApiFixture api;
    for (int i = 0; i < 70; ++i) add_said(api, "turn " + std::to_string(i));
    const std::string body = export_all(api, "?format=jsonl").body;
    CHECK(std::count(body.begin(), body.end(), '\n') == 70);
    for (int i = 0; i < 70; ++i) {
        CHECK(body.find("\"conversation_id\":\"turn " + std::to_string(i) + "\"") !=
              std::string::npos);
    }
}

TEST_CASE("An export of no conversations is valid, filters are those of the list",
          "[api][export]") {
    ApiFixture api;
    CHECK(export_all(api, "?format=jsonl").body.empty());
    CHECK(export_all(api, "?format=json").body == "[\n]\n");
    add_said(api, "one");
    CHECK(export_all(api, "?token_id=nobody").body == "[\n]\n");
    CHECK(export_all(api, "?conversation_id=one&format=jsonl").body.size() > 10);
    for (const char* query : {"?format=csv", "?limit=1", "?cursor=x", "?from_date=x"}) {
        const JsonAnswer answer = api.get(std::string("/api/conversations/export") + query);
        CHECK(answer.status == 400);
        CHECK(answer.error().starts_with(
            std::string(query).substr(1, std::string(query).find('=') - 1) + ": "));
    }
    CHECK(api.call("GET", "/api/conversations/export", {}).status == 401);
}

}  // namespace ccproxy::analytics::test
