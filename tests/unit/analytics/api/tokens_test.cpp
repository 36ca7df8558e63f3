// The life of a client key, through the API.
#include <catch2/catch.hpp>
#include <filesystem>

#include "common/client_key.hpp"
#include "common/uuid.hpp"
#include "tests/unit/analytics/api/api_fixture.hpp"

namespace ccproxy::analytics::test {
namespace {

JsonAnswer own_token(const ApiFixture& api, const std::string& key) {
    return api.call("GET", "/api/token/info", {{"Authorization", "Bearer " + key}});
}

std::string field_names(const rapidjson::Value& object) {
    std::string names;
    for (const auto& member : object.GetObject()) names.append(member.name.GetString()).append(" ");
    return names;
}

}  // namespace

TEST_CASE("A token is made, listed, set up, seen by its owner and revoked", "[api][tokens]") {
    ApiFixture api;
    const JsonAnswer made = api.send("POST", "/api/token/generate",
                                     R"({"name":"Zoë","expires_in":"30d","mode":"api"})");
    REQUIRE(made.status == 200);
    CHECK(field_names(made.json) == "token id name mode expires_at ");
    const std::string key = made.json["token"].GetString();
    const std::string id = made.json["id"].GetString();
    CHECK(is_client_key(key));
    CHECK(is_uuid(id));
    CHECK(id[14] == '7');
    CHECK(text_of(made.json["expires_at"]) == "2026-03-31T00:00:00.000Z");
    CHECK(api.registry_changes == 1);

    const JsonAnswer listed = api.get("/api/token/list");
    REQUIRE(listed.status == 200);
    CHECK(listed.body.find(key) == std::string::npos);
    REQUIRE(listed.json["tokens"].Size() == 1);
    const rapidjson::Value& entry = listed.json["tokens"][0];
    CHECK(field_names(entry) ==
          "id name mode created_at expires_at revoked_at last_used_at is_valid "
          "enable_conversation_logging total_requests total_tokens_used "
          "requests_per_minute max_concurrent_requests tokens_per_day ");
    CHECK(text_of(entry["name"]) == "Zoë");
    CHECK(text_of(entry["mode"]) == "api");
    CHECK(text_of(entry["created_at"]) == "2026-03-01T00:00:00.000Z");
    CHECK(entry["revoked_at"].IsNull());
    CHECK(entry["last_used_at"].IsNull());
    CHECK(entry["is_valid"].IsTrue());
    CHECK(entry["enable_conversation_logging"].IsFalse());
    CHECK(number_of(entry["total_requests"]) == 0);

    const std::string settings = "/api/token/" + id + "/settings";
    const JsonAnswer set = api.send("PUT", settings, R"({"enable_conversation_logging":true})");
    CHECK(set.status == 200);
    CHECK(set.json["message"].IsString());
    const JsonAnswer own = own_token(api, key);
    CHECK(own.status == 200);
    CHECK(field_names(own.json) == field_names(entry));
    CHECK(own.json["enable_conversation_logging"].IsTrue());

    const std::string body = R"({"id":")" + id + R"("})";
    CHECK(api.send("POST", "/api/token/revoke", body).status == 200);
    CHECK(api.send("POST", "/api/token/revoke", body).status == 200);
    CHECK(api.registry_changes == 3);
    const JsonAnswer revoked = own_token(api, key);
    CHECK(revoked.status == 200);
    CHECK(revoked.json["is_valid"].IsFalse());
    CHECK(text_of(revoked.json["revoked_at"]) == "2026-03-01T00:00:00.000Z");
}

TEST_CASE("A token without wishes is for both modes and never expires", "[api][tokens]") {
    const ApiFixture api;
    for (const char* body : {R"({"name":"x"})", R"({"name":"y","expires_in":null,"mode":null})"}) {
        const JsonAnswer made = api.send("POST", "/api/token/generate", body);
        REQUIRE(made.status == 200);
        CHECK(text_of(made.json["mode"]) == "both");
        CHECK(made.json["expires_at"].IsNull());
    }
}

TEST_CASE("A token expires at its moment", "[api][tokens]") {
    ApiFixture api;
    const JsonAnswer made =
        api.send("POST", "/api/token/generate", R"({"name":"x","expires_in":"720h"})");
    const std::string key = made.json["token"].GetString();
    api.clock.now_ms += 720LL * 3'600'000 - 1;
    CHECK(own_token(api, key).json["is_valid"].IsTrue());
    api.clock.now_ms += 1;
    CHECK(own_token(api, key).json["is_valid"].IsFalse());
}

TEST_CASE("A token's use is counted", "[api][tokens]") {
    ApiFixture api;
    const JsonAnswer made = api.send("POST", "/api/token/generate", R"({"name":"x"})");
    const std::string id = made.json["id"].GetString();
    for (int i = 0; i < 2; ++i) {
        api.add_log([&](PricedEvent& priced) {
            priced.event.token_id = id;
            priced.event.usage_source = UsageSource::final;
            priced.event.usage = {10, 1, 2, 3, 4};
        });
    }
    const JsonAnswer own = own_token(api, made.json["token"].GetString());
    CHECK(number_of(own.json["total_requests"]) == 2);
    CHECK(number_of(own.json["total_tokens_used"]) == 40);
    CHECK(own.json["last_used_at"].IsString());
}

TEST_CASE("A body that does not fit is a 400 that names the field", "[api][tokens]") {
    const ApiFixture api;
    const std::vector<std::pair<std::string, std::string>> bodies{
        {"", "body"},
        {"[]", "body"},
        {"{", "body"},
        {"null", "body"},
        {R"({"name":"x"} x)", "body"},
        {"{\"name\":\"\xff\"}", "body"},
        {R"({"name":"\ud800"})", "body"},
        {"{}", "name"},
        {R"({"name":""})", "name"},
        {R"({"name":7})", "name"},
        {R"({"name":null})", "name"},
        {R"({"name":"a\nb"})", "name"},
        {R"({"name":"a\u0000b"})", "name"},
        {R"({"name":"a\u007fb"})", "name"},
        {R"({"name":"a\u0085b"})", "name"},
        {R"({"name":")" + std::string(257, 'x') + R"("})", "name"},
        {R"({"name":"x","name":"y"})", "name"},
        {R"({"name":"x","mode":"all"})", "mode"},
        {R"({"name":"x","mode":""})", "mode"},
        {R"({"name":"x","mode":1})", "mode"},
        {R"({"name":"x","expires_in":"soon"})", "expires_in"},
        {R"({"name":"x","expires_in":""})", "expires_in"},
        {R"({"name":"x","expires_in":"0"})", "expires_in"},
        {R"({"name":"x","expires_in":"-1h"})", "expires_in"},
        {R"({"name":"x","expires_in":"36501d"})", "expires_in"},
        {R"({"name":"x","expires_in":"9999999999999999999d"})", "expires_in"},
        {R"({"name":"x","expires_in":720})", "expires_in"},
        {R"({"name":"x","admin":true})", "admin"},
        {R"({"name":"x","enable_conversation_logging":true})", "enable_conversation_logging"},
    };
    for (const auto& [body, named] : bodies) {
        CAPTURE(body);
        const JsonAnswer answer = api.send("POST", "/api/token/generate", body);
        CHECK(answer.status == 400);
        CHECK_THAT(answer.error(), Catch::Contains(named));
    }
    const std::string deep(200'000, '[');
    CHECK(api.send("POST", "/api/token/generate", deep).status == 400);
    CHECK(api.send("POST", "/api/token/generate", R"({"name":)" + deep).status == 400);
    CHECK(api.get("/api/token/list").json["tokens"].Empty());
    const std::string longest = R"({"name":")" + std::string(256, 'x') + R"("})";
    CHECK(api.send("POST", "/api/token/generate", longest).status == 200);
}

TEST_CASE("Settings and revocation check what they are given", "[api][tokens]") {
    const ApiFixture api;
    const std::string unknown = "01890000-0000-7000-8000-000000000000";
    const std::string on = R"({"enable_conversation_logging":true})";
    CHECK(api.send("PUT", "/api/token/" + unknown + "/settings", on).status == 404);
    CHECK(api.send("PUT", "/api/token/nonsense/settings", on).status == 404);
    CHECK(api.send("POST", "/api/token/revoke", R"({"id":")" + unknown + R"("})").status == 404);
    CHECK(api.send("POST", "/api/token/revoke", R"({"id":"x"})").status == 404);
    CHECK(api.send("POST", "/api/token/revoke", "{}").error() == "id: is required");
    CHECK(api.send("POST", "/api/token/revoke", R"({"id":7})").status == 400);
    for (const char* body :
         {"{}", R"({"enable_conversation_logging":null})",
          R"({"enable_conversation_logging":"true"})", R"({"enable_conversation_logging":1})"}) {
        CAPTURE(body);
        const JsonAnswer answer = api.send("PUT", "/api/token/" + unknown + "/settings", body);
        CHECK(answer.status == 400);
        CHECK_THAT(answer.error(), Catch::StartsWith("enable_conversation_logging:"));
    }
}

TEST_CASE("Limits are set, shown and taken away", "[api][tokens]") {
    const ApiFixture api;
    const JsonAnswer made = api.send("POST", "/api/token/generate", R"({"name":"x"})");
    const std::string settings = "/api/token/" + text_of(made.json["id"]) + "/settings";
    const auto shown = [&] {
        const JsonAnswer list = api.get("/api/token/list");
        const rapidjson::Value& token = list.json["tokens"][0];
        std::string text;
        for (const char* name :
             {"requests_per_minute", "max_concurrent_requests", "tokens_per_day"}) {
            text += token[name].IsNull() ? "null " : std::to_string(number_of(token[name])) + " ";
        }
        return text;
    };
    CHECK(shown() == "null null null ");
    CHECK(api.send("PUT", settings, R"({"requests_per_minute":60,"tokens_per_day":5})").status ==
          200);
    CHECK(shown() == "60 null 5 ");
    CHECK(api.send("PUT", settings, R"({"requests_per_minute":null,"max_concurrent_requests":1})")
              .status == 200);
    CHECK(shown() == "null 1 5 ");
    const std::vector<std::pair<std::string, std::string>> bodies{
        {R"({"requests_per_minute":0})", "requests_per_minute"},
        {R"({"requests_per_minute":60001})", "requests_per_minute"},
        {R"({"requests_per_minute":"60"})", "requests_per_minute"},
        {R"({"max_concurrent_requests":-1})", "max_concurrent_requests"},
        {R"({"max_concurrent_requests":1.5})", "max_concurrent_requests"},
        {R"({"tokens_per_day":1000000000000001})", "tokens_per_day"},
        {R"({"tokens_per_day":true})", "tokens_per_day"},
        {R"({"tokens_per_month":1})", "tokens_per_month"},
    };
    for (const auto& [body, named] : bodies) {
        CAPTURE(body);
        const JsonAnswer answer = api.send("PUT", settings, body);
        CHECK(answer.status == 400);
        CHECK_THAT(answer.error(), Catch::Contains(named));
    }
    CHECK(shown() == "null 1 5 ");
}

TEST_CASE("A database that fails is a 500 that tells nothing", "[api][tokens]") {
    ApiFixture api;
    api.writer_fails = true;
    const JsonAnswer answer = api.send("POST", "/api/token/generate", R"({"name":"x"})");
    CHECK(answer.status == 500);
    CHECK(answer.error() == "internal error");
    api.writer_fails = false;
    CHECK(api.send("POST", "/api/token/generate", R"({"name":"x"})").status == 200);
}

}  // namespace ccproxy::analytics::test
