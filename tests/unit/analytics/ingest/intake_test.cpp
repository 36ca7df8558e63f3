// The bytes of a message become a priced event, or are kept as they are.
#include "analytics/ingest/intake.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/analytics/store/store_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;

TEST_CASE("an event is decoded and priced", "[ingest]") {
    const Event event = analytics::test::make_event(1);
    std::string bytes;
    encode_event(event, bytes);
    const IngestItem item = to_item({"proxy-9", 77}, bytes, PriceTable::built_in(), 123);
    CHECK(item.proxy_id == "proxy-9");
    CHECK(item.seq == 77);
    CHECK(item.received_at_ms == 123);
    CHECK_FALSE(item.rewinds);
    const auto& priced = std::get<PricedEvent>(item.content);
    CHECK(priced.event == event);
    CHECK(priced.cost_nano_usd == 100 * 3000 + 20 * 3750 + 30 * 6000 + 4000 * 300 + 250 * 15'000);
}

TEST_CASE("what cannot be decoded keeps its bytes and says why", "[ingest]") {
    const std::string bytes = "{\"v\":1}";
    const IngestItem item = to_item({"p", 1}, bytes, PriceTable::built_in(), 1);
    const auto& rejected = std::get<RejectedEvent>(item.content);
    CHECK(rejected.payload == bytes);
    CHECK_THAT(rejected.reason, Catch::Contains("id"));
}
