#include "proxy/accounts/account_state.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace ccproxy::accounts {
namespace {

constexpr Moment at{1'772'323'200'000, 50'000};
constexpr const char* opus = "claude-opus";
constexpr const char* haiku = "claude-haiku";
const FailoverConfig config;

Tried answered(int status, const char* model = opus) {
    Tried tried;
    tried.status = status;
    tried.sent = Sent::whole;
    tried.model = model;
    return tried;
}

bool acquire(AccountState& state, const char* model = opus, std::int64_t after_ms = 0,
             std::int64_t max_concurrent = 0) {
    return state.try_acquire(max_concurrent, model, at.steady_ms + after_ms);
}

AccountReport report(const AccountState& state) {
    AccountReport made;
    state.report(made, at);
    return made;
}

}  // namespace

TEST_CASE("places are counted, up to the limit") {
    AccountState state;
    CHECK(acquire(state, opus, 0, 2));
    CHECK(acquire(state, opus, 0, 2));
    CHECK_FALSE(acquire(state, opus, 0, 2));
    CHECK(state.blocked(2, opus, at.steady_ms).first == Blocked::busy);
    state.release(true);
    CHECK(state.in_flight() == 1);
    CHECK(acquire(state, opus, 0, 2));
    // An account in trouble counts the same, also what its breaker turns away.
    for (int i = 0; i < config.breaker.failures; ++i) {
        state.note(Verdict::failed, answered(500), "", at, config);
    }
    state.release(false);
    CHECK_FALSE(acquire(state, opus, 0, 2));
    CHECK(state.in_flight() == 1);
    CHECK(acquire(state, opus, 30'000, 2));
    CHECK_FALSE(state.try_acquire_anyway(2, at.steady_ms + 30'000));
}

TEST_CASE("many threads take no more places than there are") {
    AccountState state;
    FailoverConfig patient;
    patient.breaker.failures = 1'000'000;
    std::atomic<std::int64_t> most{0};
    std::atomic<std::uint64_t> served{0};
    const auto serve = [&] {
        for (int turn = 0; turn < 2'000; ++turn) {
            if (!acquire(state, opus, 0, 3)) continue;
            served.fetch_add(1);
            std::int64_t seen = most.load();
            const std::int64_t places = state.in_flight();
            while (seen < places && !most.compare_exchange_weak(seen, places)) {
            }
            // In and out of trouble, so that both ways of counting meet.
            const bool fails = turn % 3 == 0;
            state.note(fails ? Verdict::failed : Verdict::good, answered(fails ? 500 : 200), "", at,
                       patient);
            state.release(false);
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(serve);
    for (std::thread& thread : threads) thread.join();
    CHECK(most.load() <= 3);
    CHECK(state.in_flight() == 0);
    CHECK(report(state).requests == served.load());
}

TEST_CASE("a rate limit pauses the model that was refused") {
    AccountState state;
    Tried tried = answered(429);
    tried.told.retry_after_ms = 7'000;
    state.note(Verdict::limited, tried, "the upstream answered 429", at, config);
    CHECK_FALSE(acquire(state));
    CHECK_FALSE(acquire(state, opus, 6'999));
    CHECK(state.is_paused_for(opus, at.steady_ms + 6'999));
    CHECK(acquire(state, haiku));
    CHECK_FALSE(state.is_blocked(at.steady_ms));
    const auto [why, left_ms] = state.blocked(0, opus, at.steady_ms + 1'000);
    CHECK(why == Blocked::rate_limited);
    CHECK(left_ms == 6'000);
    CHECK(acquire(state, opus, 7'000));
    const AccountReport shown = report(state);
    REQUIRE(shown.paused_models.size() == 1);
    CHECK(shown.paused_models[0].model == opus);
    CHECK(shown.paused_models[0].until_ms == at.unix_ms + 7'000);
    CHECK(shown.state == "closed");
    CHECK(shown.requests == 1);
    CHECK(shown.failures == 1);
    CHECK(shown.last_error == "the upstream answered 429");
    CHECK(shown.last_error_status == 429);
    CHECK(shown.last_error_at_ms == at.unix_ms);
}

TEST_CASE("a rate limit that says nothing pauses for a moment") {
    AccountState state;
    state.note(Verdict::limited, answered(429), "", at, config);
    CHECK_FALSE(acquire(state, opus, 1'999));
    CHECK(acquire(state, opus, 2'000));
}

TEST_CASE("a subscription's window that is used up pauses the account") {
    AccountState state;
    Tried tried = answered(429);
    tried.told.unified = UnifiedStatus::rejected;
    Limit& window = tried.told.limits[static_cast<std::size_t>(LimitKind::five_hours)];
    window.judged = window.rejected = true;
    window.used = 1.0;
    window.reset_at_ms = at.unix_ms + 3'600'000;
    state.note(Verdict::limited, tried, "", at, config);
    CHECK_FALSE(acquire(state, haiku, 3'599'999));
    CHECK(state.is_blocked(at.steady_ms + 3'599'999));
    CHECK(acquire(state, haiku, 3'600'000));
    const AccountReport shown = report(state);
    CHECK(shown.cooldown_until_ms == at.unix_ms + 3'600'000);
    CHECK(shown.unified_status == "rejected");
    REQUIRE(shown.windows.size() == 1);
    CHECK(shown.windows[0].name == "unified-5h");
    CHECK(shown.windows[0].used == 1.0);
}

TEST_CASE("a limit that is used up after a good answer spares the account") {
    AccountState state;
    Tried tried = answered(200);
    Limit& limit = tried.told.limits[static_cast<std::size_t>(LimitKind::requests)];
    limit.remaining = 0;
    limit.reset_at_ms = at.unix_ms + 10'000;
    state.note(Verdict::good, tried, "", at, config);
    CHECK(state.is_spared(at.steady_ms + 9'999));
    CHECK_FALSE(state.is_spared(at.steady_ms + 10'000));
    CHECK(acquire(state));
    state.note(Verdict::good, answered(200), "", at, config);
    CHECK(state.is_spared(at.steady_ms));
    CHECK(report(state).windows.size() == 1);
}

TEST_CASE("failures open the breaker, and what tells nothing does not count") {
    AccountState state;
    for (int i = 0; i < 5; ++i) {
        state.note(Verdict::nothing, Tried(), "", at, config);
        CHECK(report(state).state == "closed");
        state.note(Verdict::failed, answered(500), "e", at, config);
    }
    CHECK(report(state).state == "open");
    CHECK(report(state).requests == 5);
    CHECK(report(state).failures == 5);
    CHECK_FALSE(acquire(state));
    CHECK(state.blocked(0, opus, at.steady_ms).first == Blocked::failing);
    CHECK_FALSE(state.is_blocked(at.steady_ms + 30'000));
    CHECK(acquire(state, opus, 30'000));
    CHECK(state.is_blocked(at.steady_ms + 30'000));
    CHECK_FALSE(acquire(state, opus, 30'000));
    state.release(true);
    CHECK_FALSE(state.is_blocked(at.steady_ms + 30'000));
    CHECK(acquire(state, opus, 30'000));
    state.note(Verdict::good, answered(200), "", at, config);
    CHECK(acquire(state, opus, 30'000));
}

TEST_CASE("an upstream in trouble that asks for a pause gets it") {
    AccountState state;
    Tried tried = answered(529);
    tried.told.retry_after_ms = 3'000;
    state.note(Verdict::failed, tried, "", at, config);
    CHECK_FALSE(acquire(state, opus, 2'999));
    CHECK(state.blocked(0, opus, at.steady_ms).first == Blocked::failing);
    CHECK(acquire(state, opus, 3'000));
}

TEST_CASE("pauses for models are bounded") {
    AccountState state;
    for (int i = 0; i < 100; ++i) {
        const std::string model = "model-" + std::to_string(i);
        Tried tried = answered(429, model.c_str());
        tried.told.retry_after_ms = 1'000 + i;
        state.note(Verdict::limited, tried, "", at, config);
    }
    CHECK(report(state).paused_models.size() == 16);
    CHECK(state.is_paused_for("model-99", at.steady_ms));
    CHECK_FALSE(state.is_paused_for("model-1", at.steady_ms));
}

}  // namespace ccproxy::accounts
