// What follows a try at an account: the rules of failing over, in one place.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "proxy/accounts/breaker.hpp"
#include "proxy/accounts/rate_limits.hpp"

namespace ccproxy::accounts {

/// `failover` in the configuration.
struct FailoverConfig {
    int max_attempts = 3;  ///< Tries for one request, the first one included.
    std::chrono::milliseconds first_backoff{200};
    std::chrono::milliseconds max_backoff{2000};
    BreakerOptions breaker;
    bool operator==(const FailoverConfig&) const = default;
};

/// More tries than these are never made, and an event lists no more.
inline constexpr int max_attempts_limit = 16;

/// How much of the request the upstream was given.
enum class Sent { nothing, part, whole };

/// What came of one try.
struct Tried {
    int status = 0;  ///< Of the answer's head; 0 when none came.
    Sent sent = Sent::nothing;
    bool on_kept_connection = false;  ///< It was used before: the upstream may have closed it.
    bool interrupted = false;         ///< The client left, or the proxy is stopping.
    RateLimits told;                  ///< By the answer's head.
    std::string_view model;           ///< That the request asked for.
};

/// What is known of the request.
struct Asked {
    /// The method says that doing it twice does no more than once (GET, HEAD).
    bool repeatable = false;
    /// Sent to the model itself, so that a refused credential is the account's and not a matter of
    /// what was asked for.
    bool for_model = false;
};

enum class Step {
    relay,         ///< The client gets this answer.
    give_up,       ///< The client is told that there was none.
    reconnect,     ///< The same account again, on a fresh connection.
    next_account,  ///< Another account, if there is one.
    wait_or_next   ///< Another account; failing that, this one after the pause it asks for.
};

/// What the try says about the account.
enum class Verdict {
    good,        ///< It serves.
    limited,     ///< It refuses for its rate limits.
    failed,      ///< It does not serve.
    refused_us,  ///< Its credential is not taken.
    nothing      ///< Nothing.
};

/// A request that may have reached the model and was not answered is never sent again: the client
/// alone may decide that.
Step next_step(const Tried& tried, const Asked& asked);

Verdict verdict(const Tried& tried, const Asked& asked);

/// Before try number `attempt` (from 2): doubles each time up to the limit; `random` in [0, 1)
/// takes away up to half, so that requests that failed together do not come again together.
std::chrono::milliseconds backoff(const FailoverConfig& config, int attempt, double random);

/// Whether a pause makes sense before another account is tried: it does when the upstream itself
/// is in trouble, which all accounts share.
bool wants_backoff(const Tried& tried);

}  // namespace ccproxy::accounts
