#include "proxy/accounts/rate_limits.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::accounts {
namespace {

constexpr std::int64_t now_ms = 1'772'323'200'000;  // 2026-03-01T00:00:00Z

RateLimits read(const std::vector<std::pair<std::string, std::string>>& list) {
    http1::Fields fields;
    for (const auto& [name, value] : list) fields.add(name, value);
    return read_rate_limits(fields, now_ms);
}

const Limit& of(const RateLimits& told, LimitKind kind) {
    return told.limits[static_cast<std::size_t>(kind)];
}

}  // namespace

TEST_CASE("retry-after comes as seconds, as a date, and in milliseconds") {
    CHECK(read({{"Retry-After", "7"}}).retry_after_ms == 7'000);
    CHECK(read({{"retry-after", "0"}}).retry_after_ms == 0);
    CHECK(read({{"retry-after", "1.5"}}).retry_after_ms == 1'500);
    CHECK(read({{"retry-after", "Sun, 01 Mar 2026 00:01:00 GMT"}}).retry_after_ms == 60'000);
    CHECK(read({{"retry-after", "Sat, 28 Feb 2026 00:01:00 GMT"}}).retry_after_ms == 0);
    CHECK(read({{"retry-after", "99999999999"}}).retry_after_ms == max_pause_ms);
    CHECK(read({{"retry-after-ms", "250"}, {"retry-after", "1"}}).retry_after_ms == 250);
    for (const char* bad : {"", "soon", "-1", "nan", "inf", "Sun, 01 Foo 2026 00:01:00 GMT",
                            "Sun, 99 Mar 2026 00:01:00 GMT", "Sunday, 01-Mar-26 00:01:00 GMT"}) {
        CAPTURE(bad);
        CHECK_FALSE(read({{"retry-after", bad}}).retry_after_ms);
    }
}

TEST_CASE("x-should-retry is true, false, or not there") {
    CHECK(read({{"x-should-retry", "true"}}).should_retry == true);
    CHECK(read({{"x-should-retry", "false"}}).should_retry == false);
    CHECK_FALSE(read({{"x-should-retry", "maybe"}}).should_retry);
}

TEST_CASE("the limits of an API key") {
    const RateLimits told = read({{"anthropic-ratelimit-requests-limit", "1000"},
                                  {"anthropic-ratelimit-requests-remaining", "999"},
                                  {"anthropic-ratelimit-requests-reset", "2026-03-01T00:00:05Z"},
                                  {"anthropic-ratelimit-input-tokens-remaining", "0"},
                                  {"anthropic-ratelimit-input-tokens-reset", "1772323230"},
                                  {"anthropic-ratelimit-output-tokens-remaining", "x"},
                                  {"anthropic-ratelimit-unheard-of-limit", "1"},
                                  {"anthropic-ratelimit-", "1"}});
    CHECK(told.tells_limits());
    CHECK(of(told, LimitKind::requests).limit == 1000);
    CHECK(of(told, LimitKind::requests).remaining == 999);
    CHECK(of(told, LimitKind::requests).reset_at_ms == now_ms + 5'000);
    CHECK_FALSE(of(told, LimitKind::requests).is_used_up());
    CHECK(of(told, LimitKind::input_tokens).is_used_up());
    CHECK(of(told, LimitKind::input_tokens).reset_at_ms == now_ms + 30'000);
    CHECK_FALSE(of(told, LimitKind::output_tokens).is_known());
    CHECK(pause_after_refusal(told, now_ms) == 30'000);
    CHECK_FALSE(is_about_all_models(told));
    CHECK(spare_for(told, now_ms) == 30'000);
}

TEST_CASE("a limit is a whole number that fits, or passed over") {
    const auto limit = [](const char* text) {
        return of(read({{"anthropic-ratelimit-tokens-limit", text}}), LimitKind::tokens).limit;
    };
    CHECK(limit("0") == 0);
    CHECK(limit("007") == 7);
    CHECK(limit("9223372036854775807") == 9'223'372'036'854'775'807);
    for (const char* text : {"9223372036854775808", "9999999999999999999", "18446744073709551616",
                             "", "-1", "+1", "1.5", "1e3", "1x", "0x1"}) {
        CAPTURE(text);
        CHECK_FALSE(limit(text));
    }
}

TEST_CASE("only whole names of limits count") {
    for (const char* name :
         {"anthropic-ratelimit-limit", "anthropic-ratelimit--limit", "anthropic-ratelimit-tokens",
          "anthropic-ratelimit-x-tokens-limit", "anthropic-ratelimit-tokens-limits",
          "anthropic-ratelimit-unified-limit", "anthropic-ratelimit-unified-remaining",
          "anthropic-tokens-limit"}) {
        CAPTURE(name);
        CHECK_FALSE(read({{name, "0"}}).tells_limits());
    }
}

TEST_CASE("an API key's limit spares its account for a minute at most") {
    CHECK(spare_for(read({{"anthropic-ratelimit-tokens-remaining", "0"},
                          {"anthropic-ratelimit-tokens-reset", "2026-03-01T01:00:00Z"}}),
                    now_ms) == 60'000);
    CHECK(spare_for(read({}), now_ms) == 0);
}

TEST_CASE("the windows of a subscription") {
    const RateLimits told = read({{"anthropic-ratelimit-unified-status", "rejected"},
                                  {"anthropic-ratelimit-unified-reset", "1772326800"},
                                  {"anthropic-ratelimit-unified-5h-status", "rejected"},
                                  {"anthropic-ratelimit-unified-5h-reset", "1772326800"},
                                  {"anthropic-ratelimit-unified-5h-utilization", "1.0"},
                                  {"anthropic-ratelimit-unified-7d-status", "allowed"},
                                  {"anthropic-ratelimit-unified-7d-reset", "1772928000"},
                                  {"anthropic-ratelimit-unified-7d-utilization", "0.59"},
                                  {"anthropic-ratelimit-unified-representative-claim", "five_hour"},
                                  {"anthropic-ratelimit-unified-fallback-percentage", "0.5"},
                                  {"anthropic-ratelimit-unified-overage-status", "rejected"}});
    CHECK(told.unified == UnifiedStatus::rejected);
    CHECK(of(told, LimitKind::five_hours).used == 1.0);
    CHECK(of(told, LimitKind::week).used == 0.59);
    CHECK_FALSE(of(told, LimitKind::week).is_used_up());
    CHECK(is_about_all_models(told));
    CHECK(pause_after_refusal(told, now_ms) == 3'600'000);
    CHECK(spare_for(told, now_ms) == 3'600'000);
}

TEST_CASE("with several windows used up the latest reset counts, and retry-after before them") {
    std::vector<std::pair<std::string, std::string>> fields{
        {"anthropic-ratelimit-unified-status", "rejected"},
        {"anthropic-ratelimit-unified-5h-status", "rejected"},
        {"anthropic-ratelimit-unified-5h-reset", "1772323260"},
        {"anthropic-ratelimit-unified-7d-status", "rejected"},
        {"anthropic-ratelimit-unified-7d-reset", "1772409600"}};
    CHECK(pause_after_refusal(read(fields), now_ms) == 86'400'000);
    fields.emplace_back("retry-after", "30");
    CHECK(pause_after_refusal(read(fields), now_ms) == 30'000);
}

TEST_CASE("a window of certain models alone does not stand for all") {
    const RateLimits told = read({{"anthropic-ratelimit-unified-status", "rejected"},
                                  {"anthropic-ratelimit-unified-7d-status", "allowed"},
                                  {"anthropic-ratelimit-unified-7d_oi-status", "rejected"},
                                  {"retry-after", "121180"}});
    CHECK_FALSE(is_about_all_models(told));
    CHECK(pause_after_refusal(told, now_ms) == 121'180'000);
    CHECK(spare_for(told, now_ms) == 0);
    CHECK(is_about_all_models(read({{"anthropic-ratelimit-unified-status", "rejected"}})));
    CHECK_FALSE(
        pause_after_refusal(read({{"anthropic-ratelimit-unified-status", "rejected"}}), now_ms));
}

}  // namespace ccproxy::accounts
