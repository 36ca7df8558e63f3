// The search over HTTP.
#include <catch2/catch.hpp>

#include "tests/unit/analytics/api/api_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

std::string add_said(ApiFixture& api, const std::string& prompt, const std::string& completion) {
    return api.add_conversation([&](Event& event) {
        event.conversation->messages = {R"({"role":"user","content":")" + prompt + R"("})"};
        event.conversation->completion =
            R"({"role":"assistant","content":")" + completion + R"("})";
    });
}

}  // namespace

TEST_CASE("a search gives what it found, with the piece that shows it", "[api][search]") {
    ApiFixture api;
    add_said(api, "something else", "yes");
    const std::string id = add_said(api, "Where is the <database>?", "On the disk.");
    const JsonAnswer answer = api.get("/api/conversations/search?q=DATABASE&token_id=token");
    REQUIRE(answer.status == 200);
    CHECK(text_of(answer.json["query"]) == "DATABASE");
    CHECK(text_of(answer.json["token_id"]) == "token");
    CHECK(number_of(answer.json["total"]) == 1);
    CHECK(answer.json["total_is_exact"].IsTrue());
    CHECK(number_of(answer.json["page"]) == 0);
    CHECK(number_of(answer.json["limit"]) == 50);
    CHECK(answer.json["next_cursor"].IsNull());
    REQUIRE(answer.json["conversations"].Size() == 1);
    const rapidjson::Value& found = answer.json["conversations"][0];
    CHECK(text_of(found["id"]) == id);
    CHECK(text_of(found["request_log_id"]) == id);
    CHECK(text_of(found["prompt_preview"]) == "Where is the <database>?");
    CHECK(text_of(found["snippet"]) == "Where is the &lt;<mark>database</mark>&gt;?");
    CHECK(text_of(found["snippet_of"]) == "prompt");
    CHECK_FALSE(found.HasMember("messages_json"));

    CHECK(api.indexings == 1);  // Before each search.
    const JsonAnswer all = api.get("/api/conversations/search?q=%22the+disk%22");
    CHECK(all.json["token_id"].IsNull());
    CHECK(text_of(all.json["conversations"][0]["snippet_of"]) == "completion");
    CHECK(api.get("/api/conversations/search?q=disk&token_id=x").json["conversations"].Empty());
}

TEST_CASE("words of Chinese come through the address", "[api][search]") {
    ApiFixture api;
    const std::string id = add_said(api, "如何连接数据库", "好");
    const JsonAnswer answer = api.get("/api/conversations/search?q=%E6%95%B0%E6%8D%AE");
    REQUIRE(answer.json["conversations"].Size() == 1);
    CHECK(text_of(answer.json["query"]) == "数据");
    CHECK(text_of(answer.json["conversations"][0]["snippet"]) == "如何连接<mark>数据</mark>库");
}

TEST_CASE("a search is read page by page, by cursor and by number", "[api][search]") {
    ApiFixture api;
    const std::string first = add_said(api, "word", "one");
    const std::string second = add_said(api, "word", "two");
    const std::string third = add_said(api, "word", "three");
    const JsonAnswer page = api.get("/api/conversations/search?q=word&limit=2");
    REQUIRE(page.json["conversations"].Size() == 2);
    CHECK(text_of(page.json["conversations"][0]["id"]) == third);
    CHECK(text_of(page.json["conversations"][1]["id"]) == second);
    CHECK(number_of(page.json["total"]) == 3);
    const std::string cursor = text_of(page.json["next_cursor"]);
    for (const std::string& next : {"cursor=" + cursor, std::string("page=1")}) {
        const JsonAnswer rest = api.get("/api/conversations/search?q=word&limit=2&" + next);
        REQUIRE(rest.json["conversations"].Size() == 1);
        CHECK(text_of(rest.json["conversations"][0]["id"]) == first);
        CHECK(number_of(rest.json["total"]) == 3);
        CHECK(rest.json["next_cursor"].IsNull());
    }
    const JsonAnswer none = api.get("/api/conversations/search?q=word&limit=2&page=2");
    CHECK(none.json["conversations"].Empty());
    CHECK(number_of(none.json["total"]) == 3);
    const JsonAnswer other = api.get("/api/conversations/search?q=other&cursor=" + cursor);
    CHECK(other.status == 400);
    CHECK(other.error().starts_with("cursor: "));
}

TEST_CASE("what is typed never fails for its signs, only for holding no word", "[api][search]") {
    ApiFixture api;
    const std::string id = add_said(api, "salt AND pepper", "yes");
    for (const char* query : {"AND", "salt+AND", "%22salt", "salt%22", "sal*", "salt+*", "salt+-",
                              "(salt", "salt:", "%27salt%27", "salt+%5E"}) {
        CAPTURE(query);
        const JsonAnswer answer = api.get(std::string("/api/conversations/search?q=") + query);
        CHECK(answer.status == 200);
        CHECK(answer.json["conversations"].Size() == 1);
    }
    for (const char* query : {"*", "-", "%22", "%22%22", "+", "%00", "AND%FF"}) {
        CAPTURE(query);
        const JsonAnswer answer = api.get(std::string("/api/conversations/search?q=") + query);
        CHECK(answer.status == 400);
        CHECK(answer.error().starts_with("q: "));
    }
}

TEST_CASE("malformed parameters of a search are named", "[api][search]") {
    ApiFixture api;
    for (const char* name : {"page=-1", "page=10001", "limit=0", "limit=1001", "cursor=x",
                             "user_name=ann", "token_id=", "from_date=2026-03-01"}) {
        CAPTURE(name);
        const JsonAnswer answer = api.get(std::string("/api/conversations/search?q=word&") + name);
        CHECK(answer.status == 400);
        const std::string parameter = std::string(name).substr(0, std::string(name).find('='));
        CHECK(answer.error().starts_with(parameter + ": "));
    }
    CHECK(api.get("/api/conversations/search").error().starts_with("q: "));
    CHECK(api.get("/api/conversations/search?q=").error().starts_with("q: "));
    CHECK(api.get("/api/conversations/search?q=a&q=b").error().starts_with("q: "));
    const std::string longest(1000, 'a');
    CHECK(api.get("/api/conversations/search?q=" + longest).status == 200);
    CHECK(api.get("/api/conversations/search?q=a" + longest).error().starts_with("q: "));
    const JsonAnswer deep = api.get("/api/conversations/search?q=a&limit=1000&page=10");
    CHECK(deep.error().starts_with("page: "));
    CHECK(api.call("GET", "/api/conversations/search?q=word", {}).status == 401);
    CHECK(api.send("POST", "/api/conversations/search?q=word").status == 405);
}
