// Status and health, and what every call has in common.
#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "tests/unit/analytics/api/api_fixture.hpp"

namespace ccproxy::analytics::test {

TEST_CASE("The status shows ingest, proxies and storage", "[api][system]") {
    ApiFixture api;
    api.status.instance_id = std::string("i");
    api.status.version = std::string("1.2.3");
    api.status.started_at_ms = 1'772'323'200'000;
    api.status.malformed_messages = 3;
    api.status.unannounced_events = 4;
    api.status.refused_proxies = 6;
    api.status.refused_keys = 7;
    api.status.forged_messages = 9;
    api.status.ingest.queue_events = 17;
    api.status.ingest.wal_held_back_bytes = 8;
    ProxyStatus proxy;
    proxy.proxy_id = std::string("p");
    proxy.connected = true;
    proxy.watermark = 18'446'744'073'709'551'615ULL;
    proxy.lag = 5;
    proxy.lag_ms = 1'250;
    proxy.rewinds = 2;
    api.status.proxies.push_back(proxy);
    api.add_log();
    api.add_poison("poison");

    const JsonAnswer answer = api.get("/api/system/status");
    REQUIRE(answer.status == 200);
    CHECK(text_of(answer.json["instance_id"]) == "i");
    CHECK(text_of(answer.json["version"]) == "1.2.3");
    CHECK(text_of(answer.json["started_at"]) == "2026-03-01T00:00:00.000Z");
    CHECK(answer.json["ready"].IsTrue());
    CHECK(number_of(answer.json["malformed_messages"]) == 3);
    CHECK(number_of(answer.json["ingest"]["queue_events"]) == 17);
    CHECK(answer.json["ingest"]["last_commit_at"].IsNull());
    CHECK(answer.json["ingest"]["last_error"].IsNull());
    REQUIRE(answer.json["proxies"].Size() == 1);
    const rapidjson::Value& shown = answer.json["proxies"][0];
    CHECK(text_of(shown["proxy_id"]) == "p");
    CHECK(shown["watermark"].GetUint64() == proxy.watermark);
    CHECK(number_of(shown["lag"]) == 5);
    CHECK(shown["lag_seconds"].GetDouble() == 1.25);
    CHECK(number_of(shown["rewinds"]) == 2);
    CHECK(number_of(answer.json["unannounced_events"]) == 4);
    CHECK(number_of(answer.json["refused_proxies"]) == 6);
    CHECK(number_of(answer.json["refused_keys"]) == 7);
    CHECK(number_of(answer.json["forged_messages"]) == 9);
    CHECK(number_of(answer.json["ingest"]["wal_held_back_bytes"]) == 8);
    CHECK(number_of(answer.json["storage"]["quarantined"]) == 1);
    CHECK(number_of(answer.json["storage"]["quarantined_bytes"]) == 6);
    CHECK(number_of(answer.json["storage"]["discarded"]) == 0);
    CHECK(shown["last_seen_at"].IsNull());
    CHECK(shown["program_version"].IsNull());
    CHECK(number_of(answer.json["storage"]["request_logs"]) == 1);
    CHECK(answer.json["storage"]["database_bytes"].GetInt64() > 0);
    CHECK(answer.json["storage"]["schema_version"].GetInt() > 0);
}

TEST_CASE("Health needs no key, readiness says why not", "[api][system]") {
    ApiFixture api;
    CHECK(api.call("GET", "/healthz", {}).status == 200);
    CHECK(api.call("HEAD", "/healthz", {}).status == 200);
    CHECK(api.call("GET", "/readyz", {}).status == 200);
    api.status.ready = false;
    const JsonAnswer starting = api.call("GET", "/readyz", {});
    CHECK(starting.status == 503);
    CHECK(starting.error() == "not ready");
    CHECK(starting.json["reasons"].Size() == 1);
    api.status.ingest.last_error = "/secret/path: disk full";
    const JsonAnswer failing = api.call("GET", "/readyz", {});
    CHECK(failing.status == 503);
    CHECK(failing.body.find("secret") == std::string::npos);
    CHECK(failing.body != starting.body);
    CHECK(api.call("GET", "/healthz", {}).status == 200);
}

TEST_CASE("A call that is not there differs from a method that is not", "[api]") {
    const ApiFixture api;
    for (const char* path : {"/", "/api", "/api/logs", "/api/token/generate/x", "/API/token/list",
                             "/api/%2e%2e/healthz", "//healthz"}) {
        CAPTURE(path);
        const JsonAnswer answer = api.get(path);
        CHECK(answer.status == 404);
        CHECK_FALSE(answer.error().empty());
    }
    const JsonAnswer refused = api.send("DELETE", "/api/token/list");
    CHECK(refused.status == 405);
    CHECK(refused.header("allow") == "GET, HEAD");
    CHECK(api.get("/api/token/generate").header("allow") == "POST");
    CHECK(api.send("PATCH", "/api/token/x/settings", "{}").header("allow") == "PUT");
    CHECK(api.get("/api/token/list/").status == 200);
    const JsonAnswer head = api.call("HEAD", "/api/token/list", {{"X-Admin-Key", admin_key}});
    CHECK(head.status == 200);
    CHECK(head.header("content-length") == "13");
}

TEST_CASE("Calls without parameters take none", "[api]") {
    const ApiFixture api;
    for (const char* target : {"/api/token/list?x=1", "/api/system/status?x=1",
                               "/api/logs/requests/01890000-0000-7000-8000-000000000000?x=1"}) {
        CAPTURE(target);
        const JsonAnswer answer = api.get(target);
        CHECK(answer.status == 400);
        CHECK_THAT(answer.error(), Catch::StartsWith("x:"));
    }
    CHECK(api.send("POST", "/api/token/generate?x=1", R"({"name":"x"})").status == 400);
}

TEST_CASE("Hostile parameters never break the server", "[api][hostile]") {
    ApiFixture api;
    api.add_log();
    const std::vector<std::string> names{
        "token_id",  "page",    "limit", "sort",        "order", "cursor",       "success",
        "from_date", "to_date", "model", "status_code", "%00",   "%F0%9F%98%80", ""};
    const std::vector<std::string> values{"",
                                          "0",
                                          "-1",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "99999999999999999999",
                                          "%27%3B%20DROP%20TABLE%20request_logs%3B--",
                                          "%00",
                                          "%ff%fe",
                                          "%F0%9F%98%80",
                                          "NaN",
                                          "9999-12-31",
                                          "0000-01-01",
                                          "9999-12-31T23:59:60-23:59",
                                          "true",
                                          "asc",
                                          "1e9",
                                          "../..",
                                          "%25s%25n",
                                          "MSByZXF1ZXN0X2F0IGRlc2MgMSB4",
                                          std::string(3000, 'A')};
    std::mt19937 random(7);  // NOLINT: the same sequence each time.
    for (int i = 0; i < 2000; ++i) {
        std::string target = "/api/logs/requests?";
        for (auto n = 1 + random() % 3; n > 0; --n) {
            target.append(names[random() % names.size()]).append("=");
            target.append(values[random() % values.size()]).append("&");
        }
        if (target.size() > 8000) continue;
        CAPTURE(target);
        http::test::RawClient fresh(api.port());
        fresh.send(http::test::request_text("GET", target, {{"X-Admin-Key", admin_key}}));
        const int status = fresh.read_answer().status;
        REQUIRE((status == 200 || status == 400));
    }
    CHECK(number_of(api.get("/api/logs/requests").json["total"]) == 1);
}

TEST_CASE("Many clients read while tokens are written", "[api]") {
    ApiFixture api;
    std::vector<std::thread> clients;
    std::atomic<int> good = 0;
    for (int c = 0; c < 8; ++c) {
        clients.emplace_back([&, c] {
            http::test::RawClient client(api.port());
            for (int i = 0; i < 25; ++i) {
                const bool writes = c % 2 == 0;
                client.send(http::test::request_text(
                    writes ? "POST" : "GET", writes ? "/api/token/generate" : "/api/token/list",
                    {{"X-Admin-Key", admin_key}}, writes ? R"({"name":"x"})" : ""));
                if (client.read_answer().status == 200) ++good;
            }
        });
    }
    for (std::thread& client : clients) client.join();
    CHECK(good == 200);
    CHECK(api.get("/api/token/list").json["tokens"].Size() == 100);
}

}  // namespace ccproxy::analytics::test
