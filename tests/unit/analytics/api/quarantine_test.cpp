// The quarantine by HTTP: list, one, retry, delete.
#include <catch2/catch.hpp>

#include "proto/event_codec.hpp"
#include "tests/unit/analytics/api/api_fixture.hpp"

namespace ccproxy::analytics::test {
namespace {

constexpr const char* list = "/api/system/quarantine";

std::string one(std::int64_t id, const char* rest = "") {
    return std::string(list) + "/" + std::to_string(id) + rest;
}

std::string good_payload() {
    Event event;
    event.id = "01900000-0000-7000-8000-000000000001";
    event.token_id = "token";
    event.request_at_ms = event.response_at_ms = 1'772'323'200'000;
    event.status_code = 200;
    std::string payload;
    encode_event(event, payload);
    return payload;
}

}  // namespace

TEST_CASE("The quarantine is listed page by page", "[api][quarantine]") {
    ApiFixture api;
    api.add_poison(std::string("\xff\0{", 3));
    api.add_poison(std::string(10'000, 'x'), "proxy-2");
    api.add_poison(std::string((1 << 20) + 5, 'y'));

    const JsonAnswer all = api.get(list);
    REQUIRE(all.status == 200);
    CHECK(number_of(all.json["total"]) == 3);
    CHECK(number_of(all.json["limit"]) == 50);
    CHECK(all.json["next_cursor"].IsNull());
    REQUIRE(all.json["quarantined"].Size() == 3);
    const rapidjson::Value& cut = all.json["quarantined"][0];
    CHECK(cut["truncated"].IsTrue());
    CHECK(number_of(cut["bytes"]) == (1 << 20) + 5);
    CHECK(cut["payload"].GetStringLength() == 4096);
    const rapidjson::Value& oldest = all.json["quarantined"][2];
    CHECK(number_of(oldest["id"]) == 1);
    CHECK(text_of(oldest["proxy_id"]) == "proxy-1");
    CHECK(number_of(oldest["seq"]) == 1);
    CHECK(text_of(oldest["received_at"]) == "2026-03-01T00:00:00.000Z");
    CHECK(text_of(oldest["reason"]) == "poison");
    CHECK(text_of(oldest["payload"]) == "\xEF\xBF\xBD\xEF\xBF\xBD{");
    CHECK(number_of(oldest["bytes"]) == 3);
    CHECK(oldest["truncated"].IsFalse());

    const JsonAnswer first = api.get(std::string(list) + "?limit=2");
    CHECK(first.json["quarantined"].Size() == 2);
    const JsonAnswer second =
        api.get(std::string(list) + "?limit=2&cursor=" + text_of(first.json["next_cursor"]));
    REQUIRE(second.json["quarantined"].Size() == 1);
    CHECK(number_of(second.json["quarantined"][0]["id"]) == 1);
    CHECK(second.json["next_cursor"].IsNull());
    CHECK(number_of(api.get(std::string(list) + "?proxy_id=proxy-2").json["total"]) == 1);
}

TEST_CASE("One event is shown in full", "[api][quarantine]") {
    ApiFixture api;
    api.add_poison(std::string(10'000, '\xff'));
    const JsonAnswer answer = api.get(one(1));
    CHECK(answer.status == 200);
    CHECK(answer.json["payload"].GetStringLength() == 30'000);
}

TEST_CASE("A retry stores once", "[api][quarantine]") {
    ApiFixture api;
    api.add_poison("poison still");
    api.add_poison(good_payload());
    const JsonAnswer kept = api.send("POST", one(1, "/retry"));
    CHECK(kept.status == 200);
    CHECK(kept.json["stored"].IsFalse());
    CHECK_FALSE(text_of(kept.json["reason"]).empty());
    CHECK(text_of(api.get(one(1)).json["reason"]) == text_of(kept.json["reason"]));

    const JsonAnswer stored = api.send("POST", one(2, "/retry"));
    CHECK(stored.status == 200);
    CHECK(stored.json["stored"].IsTrue());
    CHECK(stored.json["reason"].IsNull());
    CHECK(text_of(stored.json["message"]) == "the event is stored");
    CHECK(api.get("/api/logs/requests/01900000-0000-7000-8000-000000000001").status == 200);
    CHECK(api.send("POST", one(2, "/retry")).status == 404);
    CHECK(number_of(api.get("/api/logs/requests").json["total"]) == 1);
}

TEST_CASE("A deleted event is gone", "[api][quarantine]") {
    ApiFixture api;
    api.add_poison("poison");
    const JsonAnswer answer = api.send("DELETE", one(1));
    CHECK(answer.status == 200);
    CHECK(text_of(answer.json["message"]) == "the event is deleted");
    CHECK(api.send("DELETE", one(1)).status == 404);
    CHECK(number_of(api.get("/api/system/status").json["storage"]["quarantined"]) == 0);
}

TEST_CASE("What is asked of the quarantine is checked", "[api][quarantine]") {
    ApiFixture api;
    api.add_poison("poison");
    for (const char* query : {"?limit=0", "?limit=1001", "?limit=x", "?cursor=x", "?page=1",
                              "?proxy_id=", "?cursor=aWQgMQ&cursor=aWQgMQ"}) {
        CAPTURE(query);
        CHECK(api.get(std::string(list) + query).status == 400);
    }
    for (const char* id : {"0", "-1", "2", "x", "1x", "99999999999999999999", "%31%00"}) {
        CAPTURE(id);
        const std::string path = std::string(list) + "/" + id;
        CHECK(api.get(path).status >= 400);
        CHECK(api.send("DELETE", path).status >= 400);
        CHECK(api.send("POST", path + "/retry").status >= 400);
    }
    CHECK(api.get(one(1, "?x=1")).status == 400);
    CHECK(api.get(one(1, "/retry")).status == 405);
    CHECK(api.get(one(1)).status == 200);
    api.writer_fails = true;
    CHECK(api.send("POST", one(1, "/retry")).status == 500);
    for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{
             {"GET", list}, {"GET", one(1)}, {"DELETE", one(1)}, {"POST", one(1, "/retry")}}) {
        CHECK(api.call(method, path, {}).status == 401);
    }
}

}  // namespace ccproxy::analytics::test
