// Each kind of token is billed once and at its own price, and to the nano dollar.
#include "analytics/pricing/price_table.hpp"

#include <catch2/catch.hpp>

using namespace ccproxy;
using namespace ccproxy::analytics;

namespace {

std::optional<std::int64_t> cost(const Usage& usage, const std::string& model = "claude-sonnet-4-5",
                                 UsageSource source = UsageSource::final) {
    Event event;
    event.model = model;
    event.usage = usage;
    event.usage_source = source;
    return PriceTable::built_in().cost_nano_usd(event);
}

constexpr std::int64_t million = 1'000'000;
constexpr std::int64_t nano = 1'000'000'000;

}  // namespace

TEST_CASE("each kind of token has its own price", "[pricing]") {
    CHECK(cost({million, 0, 0, 0, 0}) == 3 * nano);
    CHECK(cost({0, million, 0, 0, 0}) == 3'750'000'000);
    CHECK(cost({0, 0, million, 0, 0}) == 6 * nano);
    CHECK(cost({0, 0, 0, million, 0}) == 300'000'000);
    CHECK(cost({0, 0, 0, 0, million}) == 15 * nano);
    CHECK(cost({}) == 0);
}

TEST_CASE("cached tokens are not billed as input too", "[pricing]") {
    // 10 new, 1000 written for five minutes, 2000 for an hour, 50,000 read, 200 out.
    CHECK(cost({10, 1000, 2000, 50'000, 200}) ==
          10 * 3000 + 1000 * 3750 + 2000 * 6000 + 50'000 * 300 + 200 * 15'000);
}

TEST_CASE("models cost what their list says", "[pricing]") {
    struct Case {
        const char* model;
        std::int64_t input, output;
    };
    const Case c = GENERATE(
        Case{"claude-opus-4-20250514", 15'000, 75'000}, Case{"claude-opus-4-1", 15'000, 75'000},
        Case{"claude-opus-4-5-20251101", 5'000, 25'000}, Case{"claude-sonnet-4-0", 3'000, 15'000},
        Case{"claude-3-7-sonnet-20250219", 3'000, 15'000}, Case{"claude-haiku-4-5", 1'000, 5'000},
        Case{"claude-3-5-haiku-latest", 800, 4'000}, Case{"claude-3-haiku-20240307", 250, 1'250});
    INFO(c.model);
    CHECK(cost({1, 0, 0, 0, 0}, c.model) == c.input);
    CHECK(cost({0, 0, 0, 0, 1}, c.model) == c.output);
}

TEST_CASE("the longest id wins, and only a date or a version may follow it", "[pricing]") {
    PriceTable table;
    table.set("claude-sonnet-4", {1, 1, 1, 1, 1});
    table.set("claude-sonnet-4-5", {2, 2, 2, 2, 2});
    table.set("claude-sonnet-4-5-20250929", {3, 3, 3, 3, 3});
    const auto input_price = [&](const char* model) {
        const ModelPrice* price = table.find(model);
        return price == nullptr ? 0 : price->input;
    };
    CHECK(input_price("claude-sonnet-4") == 1);
    CHECK(input_price("claude-sonnet-4-20250514") == 1);
    CHECK(input_price("claude-sonnet-4@20250514") == 1);
    CHECK(input_price("claude-sonnet-4-5") == 2);
    CHECK(input_price("claude-sonnet-4-5-20251001") == 2);
    CHECK(input_price("claude-sonnet-4-5-20250929") == 3);
    for (const char* unknown :
         {"", "claude", "claude-sonnet-4-6", "claude-sonnet-4-", "gpt-4", "claude-sonnet-4-2025",
          "claude-sonnet-4-2025051x", "claude-sonnet-4-20250514-beta", "xclaude-sonnet-4"}) {
        INFO(unknown);
        CHECK(input_price(unknown) == 0);
    }
}

TEST_CASE("what is not known has no cost, and not 0", "[pricing]") {
    CHECK_FALSE(cost({100, 0, 0, 0, 100}, "some-other-model"));
    CHECK_FALSE(cost({}, ""));
    CHECK_FALSE(cost({}, "claude-sonnet-4-5", UsageSource::none));
    CHECK(cost({1, 0, 0, 0, 0}, "claude-sonnet-4-5", UsageSource::partial) == 3000);
    CHECK(cost({1, 0, 0, 0, 0}, "claude-sonnet-4-5", UsageSource::estimated) == 3000);
}

TEST_CASE("fractions of a nano dollar are rounded once", "[pricing]") {
    PriceTable table;
    table.set("m", with_usual_cache_prices(250'000, 1'250'000));  // 0.25 and 1.25 USD a million.
    Event event;
    event.model = "m";
    event.usage_source = UsageSource::final;
    event.usage.cache_creation_5m_tokens = 1;  // 312.5
    CHECK(table.cost_nano_usd(event) == 313);
    event.usage.cache_creation_5m_tokens = 2;  // 625, and not 2 * 313.
    CHECK(table.cost_nano_usd(event) == 625);
}

TEST_CASE("a figure that does not fit is none", "[pricing]") {
    CHECK_FALSE(cost({INT64_MAX, 0, 0, 0, 0}));
    CHECK_FALSE(cost({INT64_MAX / 3'000'000, 0, 0, 0, INT64_MAX / 15'000'000}));
    CHECK(cost({1'000'000'000'000, 0, 0, 0, 0}) == 3'000'000'000'000'000);
}

TEST_CASE("prices are read exactly", "[pricing]") {
    CHECK(parse_usd_per_million("3").value() == 3'000'000);
    CHECK(parse_usd_per_million("0.1").value() == 100'000);
    CHECK(parse_usd_per_million("18.75").value() == 18'750'000);
    CHECK(parse_usd_per_million("0.000001").value() == 1);
    CHECK(parse_usd_per_million("0").value() == 0);
    for (const char* text : {"", ".", "3.", ".5", "-1", "1e3", "3 ", "0.0000001", "1000001",
                             "99999999999999999999", "free"}) {
        INFO(text);
        CHECK_FALSE(parse_usd_per_million(text).has_value());
    }
}
