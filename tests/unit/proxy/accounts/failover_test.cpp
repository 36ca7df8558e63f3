#include "proxy/accounts/failover.hpp"

#include <catch2/catch.hpp>
#include <vector>

namespace ccproxy::accounts {
namespace {

constexpr Asked post{false, true};
constexpr Asked other_post{false, false};
constexpr Asked get{true, false};

Tried answered(int status, std::optional<bool> should_retry = std::nullopt) {
    Tried tried;
    tried.status = status;
    tried.sent = Sent::whole;
    tried.told.should_retry = should_retry;
    return tried;
}

Tried unanswered(Sent sent, bool on_kept_connection = false) {
    Tried tried;
    tried.sent = sent;
    tried.on_kept_connection = on_kept_connection;
    return tried;
}

}  // namespace

TEST_CASE("the rules of failing over") {
    struct Case {
        const char* what;
        Tried tried;
        Asked asked;
        Step step;
        Verdict verdict;
    };
    const std::vector<Case> cases{
        {"an answer", answered(200), post, Step::relay, Verdict::good},
        {"the client's own mistake", answered(400), post, Step::relay, Verdict::good},
        {"not found", answered(404), get, Step::relay, Verdict::good},
        {"rate limited", answered(429), post, Step::wait_or_next, Verdict::limited},
        {"server error", answered(500), post, Step::next_account, Verdict::failed},
        {"overloaded", answered(529), post, Step::next_account, Verdict::failed},
        {"told not to retry", answered(500, false), post, Step::relay, Verdict::failed},
        {"rate limited, told not to retry", answered(429, false), post, Step::relay,
         Verdict::limited},
        {"told to retry", answered(409, true), post, Step::next_account, Verdict::good},
        {"a success is never retried", answered(200, true), post, Step::relay, Verdict::good},
        {"our credential", answered(401), post, Step::next_account, Verdict::refused_us},
        {"our credential, told not to retry", answered(401, false), post, Step::next_account,
         Verdict::refused_us},
        {"forbidden", answered(403), post, Step::next_account, Verdict::failed},
        {"401 of a call that is not for the model", answered(401), other_post, Step::relay,
         Verdict::good},
        {"no connection", unanswered(Sent::nothing), post, Step::next_account, Verdict::failed},
        {"broken off while sending", unanswered(Sent::part), post, Step::next_account,
         Verdict::failed},
        {"sent whole, no answer", unanswered(Sent::whole), post, Step::give_up, Verdict::failed},
        {"the same, to be repeated", unanswered(Sent::whole), get, Step::next_account,
         Verdict::failed},
        {"a stale connection", unanswered(Sent::nothing, true), post, Step::reconnect,
         Verdict::nothing},
        {"a stale connection that took a part", unanswered(Sent::part, true), post, Step::reconnect,
         Verdict::nothing},
        {"a stale connection that took all", unanswered(Sent::whole, true), post, Step::give_up,
         Verdict::failed},
    };
    for (const Case& c : cases) {
        CAPTURE(c.what);
        CHECK(next_step(c.tried, c.asked) == c.step);
        CHECK(verdict(c.tried, c.asked) == c.verdict);
        Tried left = c.tried;
        left.interrupted = true;
        CHECK(next_step(left, c.asked) == Step::give_up);
        CHECK(verdict(left, c.asked) == Verdict::nothing);
    }
}

TEST_CASE("pauses double up to the limit, and spread") {
    FailoverConfig config;
    CHECK(backoff(config, 2, 0).count() == 200);
    CHECK(backoff(config, 3, 0).count() == 400);
    CHECK(backoff(config, 3, 0.5).count() == 300);
    CHECK(backoff(config, 16, 0).count() == 2'000);
    CHECK(backoff(config, 16, 0.999).count() >= 1'000);
    CHECK(wants_backoff(answered(529)));
    CHECK_FALSE(wants_backoff(answered(429)));
    CHECK_FALSE(wants_backoff(unanswered(Sent::nothing)));
}

}  // namespace ccproxy::accounts
