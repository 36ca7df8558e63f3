// Who is let in, and what those hear who are not.
#include <catch2/catch.hpp>

#include "common/client_key.hpp"
#include "tests/unit/analytics/api/api_fixture.hpp"

namespace ccproxy::analytics::test {

TEST_CASE("The admin key opens by header and as a Bearer", "[api][auth]") {
    const ApiFixture api;
    const std::string key = admin_key;
    const std::vector<std::vector<http::Field>> good{
        {{"X-Admin-Key", key}},
        {{"x-admin-key", key}},
        {{"Authorization", "Bearer " + key}},
        {{"authorization", "bearer  " + key}},
        {{"X-Admin-Key", "wrong"}, {"Authorization", "Bearer " + key}},
    };
    for (const auto& headers : good)
        CHECK(api.call("GET", "/api/token/list", headers).status == 200);
}

TEST_CASE("Everybody else hears the same", "[api][auth]") {
    const ApiFixture api;
    const std::string key = admin_key;
    const std::vector<std::vector<http::Field>> bad{
        {},
        {{"X-Admin-Key", ""}},
        {{"X-Admin-Key", "wrong"}},
        {{"X-Admin-Key", key + "x"}},
        {{"X-Admin-Key", key.substr(1)}},
        {{"X-Admin-Key", std::string(10'000, 'x')}},
        {{"Authorization", key}},
        {{"Authorization", "Basic " + key}},
        {{"Authorization", "Bearer"}},
        {{"Authorization", "Bearer "}},
        {{"x-api-key", key}},
        {{"Cookie", "x-admin-key=" + key}},
    };
    const std::string body = api.call("GET", "/api/token/list", {}).body;
    for (const auto& headers : bad) {
        for (const char* target : {"/api/token/list", "/api/logs/requests", "/api/system/status",
                                   "/api/logs/requests/x", "/api/logs/requests?page=bad"}) {
            const JsonAnswer answer = api.call("GET", target, headers);
            CHECK(answer.status == 401);
            CHECK(answer.body == body);
            CHECK_THAT(answer.header("www-authenticate"), Catch::StartsWith("Bearer"));
        }
    }
    CHECK(api.call("POST", "/api/token/generate", {}, R"({"name":"x"})").status == 401);
    CHECK(api.call("POST", "/api/token/revoke", {}, R"({"id":"x"})").status == 401);
    CHECK(api.call("PUT", "/api/token/x/settings", {}, "{}").status == 401);
    CHECK(api.get("/api/token/list").json["tokens"].Empty());
}

TEST_CASE("A client's key opens its own entry alone", "[api][auth]") {
    const ApiFixture api;
    const std::string key =
        api.send("POST", "/api/token/generate", R"({"name":"x"})").json["token"].GetString();
    const std::string other = generate_client_key();
    const auto info = [&](const std::vector<http::Field>& headers) {
        return api.call("GET", "/api/token/info", headers).status;
    };
    CHECK(info({{"Authorization", "Bearer " + key}}) == 200);
    CHECK(info({{"x-api-key", key}}) == 200);
    CHECK(info({{"Authorization", "Bearer " + other}, {"x-api-key", key}}) == 200);
    CHECK(info({}) == 401);
    CHECK(info({{"x-api-key", other}}) == 401);
    CHECK(info({{"x-api-key", "sk-ccp-nonsense"}}) == 401);
    CHECK(info({{"X-Admin-Key", admin_key}}) == 401);
    CHECK(api.call("GET", "/api/token/list", {{"Authorization", "Bearer " + key}}).status == 401);
    CHECK(api.call("GET", "/api/token/list", {{"X-Admin-Key", key}}).status == 401);
}

TEST_CASE("Whoever tries too many wrong keys learns nothing of a right one", "[api][auth]") {
    const ApiFixture api(3);
    const std::string key =
        api.send("POST", "/api/token/generate", R"({"name":"x"})").json["token"].GetString();
    const auto list = [&](const std::vector<http::Field>& headers) {
        return api.call("GET", "/api/token/list", headers);
    };
    // No guesses: nothing was tried, or what is open needs no key.
    for (int i = 0; i < 10; ++i) {
        CHECK(list({}).status == 401);
        CHECK(api.call("GET", "/healthz", {{"X-Admin-Key", "wrong"}}).status == 200);
    }
    CHECK(list({{"X-Admin-Key", "wrong"}}).status == 401);
    CHECK(list({{"Authorization", "Bearer wrong"}}).status == 401);
    CHECK(list({{"X-Admin-Key", admin_key}}).status == 200);
    CHECK(api.call("GET", "/api/token/info", {{"x-api-key", "wrong"}}).status == 401);

    const std::string body = list({{"X-Admin-Key", "wrong"}}).body;
    for (const char* tried : {"wrong", admin_key}) {
        const JsonAnswer answer = list({{"X-Admin-Key", tried}});
        CHECK(answer.status == 429);
        CHECK(answer.body == body);
        const int retry_after = std::stoi(answer.header("retry-after"));
        CHECK(retry_after >= 1);
        CHECK(retry_after <= 60);
    }
    CHECK(api.call("GET", "/api/token/info", {{"x-api-key", key}}).status == 429);
    CHECK(list({}).status == 429);
    CHECK(api.call("GET", "/healthz", {}).status == 200);
    const std::string metrics = http::test::exchange(api.port(), "GET", "/metrics").body;
    CHECK_THAT(metrics, Catch::Contains("analyticsd_http_blocked_addresses_total 1\n"));
    CHECK_THAT(metrics, Catch::Contains("analyticsd_http_blocked_requests_total 5\n"));
}

TEST_CASE("A server without an admin key does not start", "[api][auth]") {
    const SteppedClock clock;
    Scheduler scheduler({}, {}, {}, clock);
    ApiServer server(ApiConfig{}, Services{{}, {}, {}, {}, {}, {}, {}, {}, {}, clock, scheduler});
    CHECK_THROWS_WITH(server.start(), "the admin key must not be empty");
}

}  // namespace ccproxy::analytics::test
