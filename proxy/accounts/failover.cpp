#include "proxy/accounts/failover.hpp"

#include <algorithm>

namespace ccproxy::accounts {
namespace {

constexpr int status_unauthorized = 401;
constexpr int status_forbidden = 403;
constexpr int status_rate_limited = 429;

bool refuses_credential(const Tried& tried, const Asked& asked) {
    return asked.for_model &&
           (tried.status == status_unauthorized || tried.status == status_forbidden);
}

Step step_without_answer(const Tried& tried, const Asked& asked) {
    if (tried.sent == Sent::whole) return asked.repeatable ? Step::next_account : Step::give_up;
    return tried.on_kept_connection ? Step::reconnect : Step::next_account;
}

}  // namespace

Step next_step(const Tried& tried, const Asked& asked) {
    if (tried.interrupted) return Step::give_up;
    if (tried.status == 0) return step_without_answer(tried, asked);
    if (tried.status < 400) return Step::relay;
    // The upstream speaks of the request there, but the credential is ours.
    if (refuses_credential(tried, asked)) return Step::next_account;
    if (tried.told.should_retry == false) return Step::relay;
    if (tried.status == status_rate_limited) return Step::wait_or_next;
    if (tried.status >= 500 || tried.told.should_retry == true) return Step::next_account;
    return Step::relay;
}

Verdict verdict(const Tried& tried, const Asked& asked) {
    if (tried.interrupted) return Verdict::nothing;
    if (tried.status == 0) {
        const bool was_stale = tried.on_kept_connection && tried.sent != Sent::whole;
        return was_stale ? Verdict::nothing : Verdict::failed;
    }
    if (tried.status == status_rate_limited) return Verdict::limited;
    if (tried.status >= 500) return Verdict::failed;
    if (asked.for_model && tried.status == status_unauthorized) return Verdict::refused_us;
    // It may be what this request asked for that is forbidden, so that it takes several.
    if (asked.for_model && tried.status == status_forbidden) return Verdict::failed;
    return Verdict::good;
}

std::chrono::milliseconds backoff(const FailoverConfig& config, int attempt, double random) {
    const int doublings = std::clamp(attempt - 2, 0, 16);
    const auto whole = std::min(config.first_backoff * (1 << doublings), config.max_backoff);
    const double ms = static_cast<double>(whole.count()) * (1 - random / 2);
    return std::chrono::milliseconds(static_cast<std::int64_t>(ms));
}

bool wants_backoff(const Tried& tried) {
    return tried.status >= 500;
}

}  // namespace ccproxy::accounts
