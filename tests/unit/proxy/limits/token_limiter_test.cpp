#include "proxy/limits/token_limiter.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace ccproxy;
using namespace ccproxy::limits;

namespace {

constexpr std::int64_t noon_ms = 1'735'732'800'000;         // 2025-01-01T12:00:00Z
constexpr std::int64_t midnight_ms = noon_ms + 43'200'000;  // 2025-01-02T00:00:00Z

TokenEntry token(TokenLimits limits, const std::string& id = "t1") {
    TokenEntry entry;
    entry.id = id;
    entry.limits = limits;
    return entry;
}

struct Fixture {
    TokenLimiter limiter;
    std::int64_t unix_ms = noon_ms;
    std::int64_t steady_ms = 5'000;

    TokenLimiter::Admission admit(const TokenEntry& entry) {
        return limiter.admit(entry, unix_ms, steady_ms);
    }
    bool admits(const TokenEntry& entry) { return !admit(entry).exceeded; }
    void used(const TokenEntry& entry, std::uint64_t seq, std::int64_t tokens) {
        limiter.used(entry, seq, tokens, unix_ms);
    }
};

}  // namespace

TEST_CASE("a token without limits is let through", "[limits]") {
    Fixture f;
    const TokenEntry free = token({});
    std::vector<TokenLimiter::Admission> all;
    for (int i = 0; i < 1000; ++i) all.push_back(f.admit(free));
    for (const auto& admission : all) CHECK_FALSE(admission.exceeded);
}

TEST_CASE("requests a minute are those of any sixty seconds", "[limits]") {
    Fixture f;
    const TokenEntry limited = token({3, {}, {}});
    CHECK(f.admits(limited));
    f.steady_ms += 20'000;
    CHECK(f.admits(limited));
    CHECK(f.admits(limited));
    f.steady_ms += 39'001;
    const auto refused = f.admit(limited);
    REQUIRE(refused.exceeded);
    CHECK(refused.exceeded->message == "this key may make 3 requests a minute");
    CHECK(refused.exceeded->retry_after_seconds == 1);
    f.steady_ms += 999;
    CHECK(f.admits(limited));  // What was refused did not count.
    CHECK(f.admit(limited).exceeded.value().retry_after_seconds == 20);
    CHECK(f.admits(token({3, {}, {}}, "t2")));
}

TEST_CASE("a limit that was lowered holds at once, and tells when it lets through", "[limits]") {
    Fixture f;
    for (int i = 0; i < 5; ++i, f.steady_ms += 1'000) CHECK(f.admits(token({5, {}, {}})));
    // Of the five, all but one have to be a minute old: the fourth is at 8 s, now is 10 s.
    CHECK(f.admit(token({2, {}, {}})).exceeded.value().retry_after_seconds == 58);
    CHECK(f.admits(token({6, {}, {}})));
}

TEST_CASE("a place is free again when its request has ended", "[limits]") {
    Fixture f;
    const TokenEntry limited = token({{}, 2, {}});
    auto first = f.admit(limited);
    const auto second = f.admit(limited);
    CHECK_FALSE(second.exceeded);
    const auto third = f.admit(limited);
    REQUIRE(third.exceeded);
    CHECK(third.exceeded->message == "this key may have 2 requests under way at a time");
    CHECK(third.exceeded->retry_after_seconds == 1);
    TokenLimiter::Slot moved = std::move(first.slot);
    CHECK_FALSE(f.admits(limited));
    moved = {};
    CHECK(f.admits(limited));
}

TEST_CASE("what is under way when a limit comes counts for it", "[limits]") {
    Fixture f;
    const auto early = f.admit(token({100, {}, {}}));
    CHECK_FALSE(f.admits(token({100, 1, {}})));
}

TEST_CASE("tokens of a day are those that were counted and one's own since", "[limits]") {
    Fixture f;
    const TokenEntry limited = token({{}, {}, 1'000});
    f.used(limited, 7, 400);
    f.used(limited, 8, 599);
    CHECK(f.admits(limited));
    // Both are among the 1,500, with others of another proxy.
    f.limiter.learn({midnight_ms, 8, {{"t1", 999}}});
    CHECK(f.admits(limited));
    f.used(limited, 9, 1);
    const auto refused = f.admit(limited);
    REQUIRE(refused.exceeded);
    CHECK(refused.exceeded->message ==
          "this key has used the 1000 tokens that it has for a day; the next day begins at "
          "2025-01-02T00:00:00.000Z");
    CHECK(refused.exceeded->retry_after_seconds == 0);
    CHECK(f.admits(token({{}, {}, 1'001})));
}

TEST_CASE("an event that analyticsd has counted already does not count twice", "[limits]") {
    Fixture f;
    const TokenEntry limited = token({{}, {}, 1'000});
    f.limiter.learn({midnight_ms, 12, {{"t1", 600}}});
    f.used(limited, 12, 600);
    CHECK(f.admits(limited));
    f.used(limited, 13, 400);
    CHECK_FALSE(f.admits(limited));
}

TEST_CASE("an event that the journal did not take counts until the day ends", "[limits]") {
    Fixture f;
    const TokenEntry limited = token({{}, {}, 100});
    f.used(limited, 0, 100);
    f.limiter.learn({midnight_ms, 50, {}});
    CHECK_FALSE(f.admits(limited));
    f.unix_ms = midnight_ms;
    CHECK(f.admits(limited));
}

TEST_CASE("a new day begins on its own while analyticsd is away", "[limits]") {
    Fixture f;
    const TokenEntry limited = token({{}, {}, 100});
    const std::int64_t ends_ms = noon_ms + 3'600'000;
    f.limiter.learn({ends_ms, 1, {{"t1", 100}}});
    CHECK_FALSE(f.admits(limited));
    f.unix_ms = ends_ms - 1;
    CHECK_FALSE(f.admits(limited));
    f.unix_ms = ends_ms;
    CHECK(f.admits(limited));
    f.used(limited, 2, 100);
    f.unix_ms = ends_ms + 86'400'000 - 1;
    CHECK_FALSE(f.admits(limited));
    f.unix_ms += 1;
    CHECK(f.admits(limited));
}

TEST_CASE("however many events wait to be counted, none is forgotten", "[limits]") {
    Fixture f;
    const TokenEntry limited = token({{}, {}, 10'000});
    for (std::uint64_t seq = 1; seq < 10'000; ++seq) f.used(limited, seq, 1);
    CHECK(f.admits(limited));
    f.used(limited, 10'000, 1);
    CHECK_FALSE(f.admits(limited));
    // The newest are kept one by one.
    f.limiter.learn({midnight_ms, 9'999, {{"t1", 9'998}}});
    CHECK(f.admits(limited));
    f.used(limited, 10'001, 1);
    CHECK_FALSE(f.admits(limited));
}
