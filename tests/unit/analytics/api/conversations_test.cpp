// The calls about conversations, over HTTP.
#include <catch2/catch.hpp>

#include "tests/unit/analytics/api/api_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

std::string add_said(ApiFixture& api, const std::string& words) {
    return api.add_conversation([&](Event& event) {
        event.conversation_id = "session-1";
        event.conversation->system = R"("be brief")";
        event.conversation->messages = {R"({"role":"user","content":")" + words + R"("})"};
        event.conversation->completion =
            R"({"role":"assistant","content":[{"type":"text","text":"yes"}]})";
    });
}

}  // namespace

TEST_CASE("conversations are listed without what was said", "[api][conversations]") {
    ApiFixture api;
    const std::string id = add_said(api, "hello");
    const JsonAnswer answer = api.get("/api/conversations?token_id=token&limit=10");
    REQUIRE(answer.status == 200);
    CHECK(number_of(answer.json["total"]) == 1);
    CHECK(number_of(answer.json["page"]) == 0);
    CHECK(number_of(answer.json["limit"]) == 10);
    CHECK(answer.json["next_cursor"].IsNull());
    const rapidjson::Value& shown = answer.json["conversations"][0];
    CHECK(text_of(shown["id"]) == id);
    CHECK(text_of(shown["request_log_id"]) == id);
    CHECK(text_of(shown["conversation_id"]) == "session-1");
    CHECK(text_of(shown["created_at"]) == "2026-03-01T00:00:00.000Z");
    CHECK(text_of(shown["prompt_preview"]) == "hello");
    CHECK(number_of(shown["message_count"]) == 1);
    CHECK(shown["user_name"].IsNull());
    CHECK(shown["is_compressed"].IsFalse());
    CHECK_FALSE(shown.HasMember("messages_json"));
    CHECK(api.get("/api/conversations?conversation_id=other").json["conversations"].Empty());
    CHECK(api.get("/api/conversations?from_date=2026-03-02").json["conversations"].Empty());
    CHECK(api.get("/api/conversations?to_date=2026-02-28").json["conversations"].Empty());
}

TEST_CASE("pages follow each other by cursor", "[api][conversations]") {
    ApiFixture api;
    const std::string first = add_said(api, "one");
    const std::string second = add_said(api, "two");
    const JsonAnswer page = api.get("/api/conversations?limit=1");
    CHECK(text_of(page.json["conversations"][0]["id"]) == second);
    const JsonAnswer next =
        api.get("/api/conversations?limit=1&cursor=" + text_of(page.json["next_cursor"]));
    CHECK(text_of(next.json["conversations"][0]["id"]) == first);
    CHECK(next.json["next_cursor"].IsNull());
}

TEST_CASE("one conversation is shown in full", "[api][conversations]") {
    ApiFixture api;
    const std::string id = add_said(api, "hello");
    const JsonAnswer answer = api.get("/api/conversations/" + id);
    REQUIRE(answer.status == 200);
    CHECK(text_of(answer.json["system_prompt"]) == "be brief");
    CHECK(text_of(answer.json["messages_json"]) ==
          R"([{"role":"user","content":[{"type":"text","text":"hello"}]}])");
    CHECK(text_of(answer.json["prompt"]) == "hello");
    CHECK(text_of(answer.json["completion"]) == "yes");
    CHECK(text_of(answer.json["completion_json"]) ==
          R"({"role":"assistant","content":[{"type":"text","text":"yes"}]})");
    const std::string bare = api.add_conversation();
    CHECK(api.get("/api/conversations/" + bare).json["completion"].IsNull());
    CHECK(api.get("/api/conversations/" + bare).json["system_prompt"].IsNull());
}

TEST_CASE("a deleted conversation is gone and its log stays", "[api][conversations]") {
    ApiFixture api;
    const std::string id = add_said(api, "hello");
    const JsonAnswer answer = api.send("DELETE", "/api/conversations/" + id);
    CHECK(answer.status == 200);
    CHECK(text_of(answer.json["message"]) == "the conversation is deleted");
    CHECK(api.get("/api/conversations/" + id).status == 404);
    CHECK(api.send("DELETE", "/api/conversations/" + id).status == 404);
    CHECK(api.get("/api/logs/requests/" + id).status == 200);
    CHECK(number_of(api.get("/api/conversations").json["total"]) == 0);
}

TEST_CASE("all of a token's conversations are deleted, never all of everybody's",
          "[api][conversations]") {
    ApiFixture api;
    add_said(api, "one");
    add_said(api, "two");
    for (const char* target : {"/api/conversations", "/api/conversations?token_id="}) {
        const JsonAnswer refused = api.send("DELETE", target);
        CHECK(refused.status == 400);
        CHECK(refused.error().starts_with("token_id: "));
    }
    CHECK(api.send("DELETE", "/api/conversations?token_id=token&id=1").status == 400);
    CHECK(number_of(api.send("DELETE", "/api/conversations?token_id=x").json["deleted"]) == 0);
    const JsonAnswer answer = api.send("DELETE", "/api/conversations?token_id=token");
    CHECK(answer.status == 200);
    CHECK(number_of(answer.json["deleted"]) == 2);
    CHECK(text_of(answer.json["token_id"]) == "token");
    CHECK(number_of(api.get("/api/conversations").json["total"]) == 0);
}

TEST_CASE("malformed parameters are named, ids that are none are not found",
          "[api][conversations]") {
    ApiFixture api;
    for (const char* name : {"page=-1", "limit=0", "limit=1001", "cursor=x", "from_date=soon",
                             "user_name=ann", "token_id="}) {
        const JsonAnswer answer = api.get(std::string("/api/conversations?") + name);
        CAPTURE(name);
        CHECK(answer.status == 400);
        const std::string parameter = std::string(name).substr(0, std::string(name).find('='));
        CHECK(answer.error().starts_with(parameter + ": "));
    }
    CHECK(api.get("/api/conversations?from_date=2026-03-02&to_date=2026-03-01").status == 400);
    for (const char* id : {"x", "01900000-0000-7000-8000-000000000000", "%27"}) {
        CHECK(api.get(std::string("/api/conversations/") + id).status == 404);
        CHECK(api.send("DELETE", std::string("/api/conversations/") + id).status == 404);
    }
    CHECK(api.call("GET", "/api/conversations", {}).status == 401);
    CHECK(api.call("DELETE", "/api/conversations?token_id=token", {}).status == 401);
}
