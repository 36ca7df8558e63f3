// How one upstream account of a proxy fares: what the proxy shows of it, and tells analyticsd.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/result.hpp"
#include "proto/json_fields.hpp"

namespace ccproxy {

/// One of the upstream's limits, as its last answers told.
struct LimitReport {
    std::string name;            ///< As the upstream names it: `requests`, `unified-5h` …
    std::optional<double> used;  ///< Share that is used up, from 0 on; 1 is all of it.
    std::optional<std::int64_t> limit;
    std::optional<std::int64_t> remaining;
    std::optional<std::int64_t> reset_at_ms;  ///< Unix time.
    bool rejected = false;                    ///< The upstream refuses because of it.

    bool operator==(const LimitReport&) const = default;
};

/// A model that an account gets no requests for.
struct PausedModel {
    std::string model;
    std::int64_t until_ms = 0;  ///< Unix time.

    bool operator==(const PausedModel&) const = default;
};

/// Holds no credential.
struct AccountReport {
    std::string id;
    std::string mode;
    std::string base_url;
    std::int64_t weight = 1;
    std::int64_t max_concurrent = 0;  ///< 0: no limit.
    std::int64_t in_flight = 0;
    std::string state;  ///< Of the circuit breaker: `closed`, `open`, `half_open`.
    /// Unix time until which it gets no requests: the breaker is open, or the upstream asked for a
    /// pause for all models.
    std::optional<std::int64_t> cooldown_until_ms;
    std::vector<PausedModel> paused_models;
    std::string unified_status;  ///< Of a subscription: `allowed`, `allowed_warning`, `rejected`.
    std::vector<LimitReport> windows;
    std::uint64_t requests = 0;  ///< Tries since the proxy started, those left by the client aside.
    std::uint64_t failures = 0;  ///< Those that the account did not serve.
    std::optional<std::int64_t> last_error_at_ms;  ///< Unix time.
    std::int64_t last_error_status = 0;            ///< 0: there was no answer.
    std::string last_error;

    bool operator==(const AccountReport&) const = default;
};

/// As it stands in a control message: times as Unix milliseconds.
void write_account_report(rapidjson::Writer<rapidjson::StringBuffer>& writer,
                          const AccountReport& report);
Result<AccountReport> read_account_report(const rapidjson::Value& value);

/// As the HTTP APIs of both programs show it: times as RFC 3339, null for what is not known.
void show_account_report(rapidjson::Writer<rapidjson::StringBuffer>& writer,
                         const AccountReport& report);

/// A control message tells of at most so many accounts.
inline constexpr std::size_t max_reported_accounts = 256;

}  // namespace ccproxy
