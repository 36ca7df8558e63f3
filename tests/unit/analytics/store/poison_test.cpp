// An event that cannot be stored is kept aside with its reason, and the rest of its batch goes on.
#include <catch2/catch.hpp>
#include <functional>

#include "tests/unit/analytics/store/store_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;
using Catch::Contains;

TEST_CASE("poison goes to quarantine and the batch goes on", "[store]") {
    struct Case {
        const char* reason;
        std::function<void(IngestItem&)> spoil;
    };
    const auto event_of = [](IngestItem& item) -> Event& {
        return std::get<PricedEvent>(item.content).event;
    };
    const Case poison = GENERATE_COPY(
        Case{"error_message",
             [=](IngestItem& i) {
                 event_of(i).error_message = {'a', '\0', 'b'};
             }},
        Case{"model", [=](IngestItem& i) { event_of(i).model = "\xC3("; }},
        Case{"id", [=](IngestItem& i) { event_of(i).id = ""; }},
        Case{"duration_ms", [=](IngestItem& i) { event_of(i).duration_ms = -1; }},
        Case{"duration_ms", [=](IngestItem& i) { event_of(i).duration_ms = INT64_MAX; }},
        Case{"request_at_ms", [=](IngestItem& i) { event_of(i).request_at_ms = INT64_MAX; }},
        Case{"output_tokens", [=](IngestItem& i) { event_of(i).usage.output_tokens = INT64_MAX; }},
        Case{"cost_nano_usd",
             [](IngestItem& i) { std::get<PricedEvent>(i.content).cost_nano_usd = INT64_MAX; }},
        // Only the table's own CHECK sees this one.
        Case{"CHECK", [=](IngestItem& i) { event_of(i).attempts = -1; }},
        Case{"not JSON", [](IngestItem& i) {
                 i.content = RejectedEvent{"{\"v\":", "not JSON"};
             }});
    StoreFixture store;
    IngestItem bad = make_item(2, make_event(2));
    poison.spoil(bad);
    const AppendReport report =
        store.writer->append({make_item(1, make_event(1)), bad, make_item(3, make_event(3))});
    CHECK(report.rows == 2);
    CHECK(report.quarantined == std::map<std::string, std::uint64_t>{{"proxy-1", 1}});
    CHECK(store.query("SELECT count(*) FROM request_logs") == "2");
    CHECK(store.query("SELECT sum(request_count) FROM usage_stats_daily") == "2");
    CHECK(store.query("SELECT seq, received_at FROM quarantine") == "2|1735700002000");
    CHECK_THAT(store.query("SELECT reason FROM quarantine"), Contains(poison.reason));
    CHECK(store.query("SELECT length(payload) > 0 FROM quarantine") == "1");
    CHECK(store.writer->watermarks().at("proxy-1") == 3);
    CHECK(store.query("SELECT quarantined FROM proxies") == "1");
    CHECK(store.reader()->sizes().quarantined == 1);
}

TEST_CASE("a batch of nothing but poison still moves the watermark", "[store]") {
    StoreFixture store;
    IngestItem bad = make_item(1, {});
    bad.content = RejectedEvent{std::string("\0\xff", 2), "not JSON: \xff"};
    store.writer->append({bad});
    CHECK(store.query("SELECT hex(payload) FROM quarantine") == "00FF");
    CHECK(store.writer->watermarks().at("proxy-1") == 1);
    store.writer->append({bad});
    CHECK(store.query("SELECT count(*) FROM quarantine") == "1");
}

TEST_CASE("a huge payload is kept in part", "[store]") {
    StoreFixture store;
    IngestItem bad = make_item(1, {});
    bad.content = RejectedEvent{std::string(3 << 20, 'x'), "too large"};
    store.writer->append({bad});
    CHECK(store.query("SELECT length(payload) FROM quarantine") == "1048576");
}
