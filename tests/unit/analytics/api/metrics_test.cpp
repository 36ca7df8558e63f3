// What Prometheus is told.
#include <catch2/catch.hpp>

#include "tests/unit/analytics/api/api_fixture.hpp"

namespace ccproxy::analytics::test {
namespace {

std::string scrape(const ApiFixture& api) {
    const http::test::Answer answer = http::test::exchange(api.port(), "GET", "/metrics");
    REQUIRE(answer.status == 200);
    CHECK(answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
    return answer.body;
}

/// The value of a series by its name and labels, as it is written; empty when there is none.
std::string value_of(const std::string& text, const std::string& series) {
    const std::size_t at = ("\n" + text).find("\n" + series + " ");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + series.size() + 1;
    return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("The metrics show ingest, proxies and sizes, without a key", "[api][metrics]") {
    ApiFixture api;
    api.status.started_at_ms = 1'500;
    api.status.malformed_messages = 3;
    api.status.unannounced_events = 4;
    api.status.refused_proxies = 5;
    api.status.refused_keys = 6;
    api.status.forged_messages = 7;
    api.status.rests = 8;
    api.status.ingest.rests = 9;
    IngestStatus& ingest = api.status.ingest;
    ingest.rows = 10;
    ingest.batches = 11;
    ingest.failed_batches = 12;
    ingest.duplicates = 13;
    ingest.quarantined = 14;
    ingest.conversations = 141;
    ingest.conversations_damaged = 142;
    ingest.conversations_cut = 144;
    ingest.conversations_dropped = 143;
    ingest.queue_events = 15;
    ingest.queue_bytes = 16;
    ingest.capacity_events = 17;
    ingest.capacity_bytes = 18;
    ingest.wal_held_back_bytes = 19;
    ingest.last_commit_at_ms = 2'500;
    ProxyStatus proxy;
    proxy.proxy_id = std::string("p\"1\n");
    proxy.connected = true;
    proxy.received = 20;
    proxy.duplicates = 21;
    proxy.gaps = 22;
    proxy.resumes = 23;
    proxy.rewinds = 24;
    proxy.quarantined = 25;
    proxy.lost = 26;
    proxy.dropped = 27;
    proxy.lag = 28;
    proxy.lag_ms = 2'900;
    api.status.proxies = {proxy, ProxyStatus{}};
    api.add_conversation();
    api.add_poison("poison");

    const std::string text = scrape(api);
    const auto is = [&](const std::string& name, const std::string& value) {
        CAPTURE(name);
        CHECK(value_of(text, "analyticsd_" + name) == value);
    };
    is("ready", "1");
    is("start_time_seconds", "1.5");
    is("bus_malformed_messages_total", "3");
    is("bus_unannounced_events_total", "4");
    is("bus_refused_proxies_total", "5");
    is("bus_refused_keys_total", "6");
    is("bus_rests_total", "8");
    is("ingest_rests_total", "9");
    is("bus_forged_messages_total", "7");
    is("ingest_rows_total", "10");
    is("ingest_batches_total", "11");
    is("ingest_failed_batches_total", "12");
    is("ingest_duplicates_total", "13");
    is("ingest_quarantined_total", "14");
    is("ingest_conversations_total", "141");
    is("ingest_conversations_damaged_total", "142");
    is("ingest_conversations_cut_total", "144");
    is("ingest_conversations_dropped_total", "143");
    is("ingest_queue_events", "15");
    is("ingest_queue_bytes", "16");
    is("ingest_queue_capacity_events", "17");
    is("ingest_queue_capacity_bytes", "18");
    is("ingest_storing", "1");
    is("ingest_last_commit_timestamp_seconds", "2.5");
    is("wal_held_back_bytes", "19");
    const std::string label = R"({proxy_id="p\"1\n"})";
    is("proxy_connected" + label, "1");
    is("proxy_received_total" + label, "20");
    is("proxy_duplicates_total" + label, "21");
    is("proxy_gaps_total" + label, "22");
    is("proxy_resumes_total" + label, "23");
    is("proxy_rewinds_total" + label, "24");
    is("proxy_quarantined_total" + label, "25");
    is("proxy_lost_total" + label, "26");
    is("proxy_dropped" + label, "27");
    is("proxy_lag_events" + label, "28");
    is("proxy_lag_seconds" + label, "2.9");
    is("proxy_connected{proxy_id=\"\"}", "0");
    is("request_logs", "1");
    is("conversations", "1");
    is("quarantine_events", "1");
    is("quarantine_bytes", "6");
    is("quarantine_discarded_total", "0");
    CHECK(std::stod(value_of(text, "analyticsd_database_bytes")) > 0);
    CHECK(std::stod(value_of(text, "analyticsd_wal_bytes")) > 0);
    CHECK_FALSE(value_of(text, "analyticsd_database_free_bytes").empty());
    CHECK(text.find("# TYPE analyticsd_proxy_received_total counter\n") != std::string::npos);
    CHECK(text.find("# TYPE analyticsd_proxy_lag_seconds gauge\n") != std::string::npos);
}

TEST_CASE("Calls are counted by route and class, never by what clients make up", "[api][metrics]") {
    ApiFixture api;
    CHECK(api.get("/api/token/list").status == 200);
    CHECK(api.get("/api/token/list").status == 200);
    CHECK(api.get("/api/token/list?x=1").status == 400);
    CHECK(api.call("HEAD", "/api/token/list", {{"X-Admin-Key", admin_key}}).status == 200);
    CHECK(api.call("GET", "/api/token/list", {}).status == 401);
    CHECK(api.get("/api/logs/requests/made-up").status == 404);
    CHECK(api.get("/made-up").status == 404);
    CHECK(api.send("MADEUP", "/api/token/list").status == 405);
    api.writer_fails = true;
    CHECK(api.send("POST", "/api/token/generate", R"({"name":"x"})").status == 500);

    const std::string text = scrape(api);
    const auto count = [&](const std::string& method, const std::string& route,
                           const std::string& status) {
        return value_of(text, "analyticsd_http_requests_total{method=\"" + method + "\",route=\"" +
                                  route + "\",status=\"" + status + "\"}");
    };
    CHECK(count("GET", "/api/token/list", "2xx") == "3");
    CHECK(count("GET", "/api/token/list", "4xx") == "2");
    CHECK(count("GET", "/api/logs/requests/:id", "4xx") == "1");
    CHECK(count("POST", "/api/token/generate", "5xx") == "1");
    CHECK(count("other", "other", "4xx") == "2");
    CHECK(text.find("made-up") == std::string::npos);
    CHECK(text.find("MADEUP") == std::string::npos);
    // The answer that holds the figures is not among them yet.
    CHECK(count("GET", "/metrics", "2xx").empty());
}

TEST_CASE("The metrics take no parameters and no other method", "[api][metrics]") {
    const ApiFixture api;
    CHECK(http::test::exchange(api.port(), "GET", "/metrics?x=1").status == 400);
    CHECK(http::test::exchange(api.port(), "POST", "/metrics").status == 405);
}

}  // namespace ccproxy::analytics::test
