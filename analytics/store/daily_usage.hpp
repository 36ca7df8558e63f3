// What the tokens with a daily limit have used today, as the proxies are told it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "proto/control.hpp"

namespace ccproxy::analytics {

/// All of one instant of the database.
struct DayOfTokens {
    std::int64_t ends_at_ms = 0;     ///< When the day of stats.timezone ends, in Unix time.
    std::vector<TokenUsage> tokens;  ///< Those with a limit that have used any; by id.
    std::map<std::string, std::uint64_t> watermarks;  ///< proxy_id to its last event counted here.

    bool operator==(const DayOfTokens&) const = default;
};

/// Part of StoreReader.
class DailyUsageReader {
  public:
    virtual ~DailyUsageReader() = default;
    /// The day that `unix_ms` lies in. Some microseconds a token with a daily limit. Without such
    /// tokens there are no watermarks either.
    virtual DayOfTokens day_of_tokens(std::int64_t unix_ms) = 0;
};

}  // namespace ccproxy::analytics
