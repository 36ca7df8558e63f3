// Moments as the API writes and reads them: RFC 3339, in UTC when written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ccproxy {

inline constexpr std::int64_t day_ms = 86'400'000;

/// `2026-01-31T23:59:59.999Z`. What lies outside the years 0 to 9999 is shown as their first or
/// last moment.
std::string format_time(std::int64_t unix_ms);

/// The same for many moments, faster where most are of one day.
class TimeWriter {
  public:
    void append(std::string& text, std::int64_t unix_ms);

  private:
    std::int64_t day_ = 0;  ///< Whose date is kept, in days since 1970.
    std::string date_;      ///< With the T behind it; empty when none is kept.
};

/// An RFC 3339 date-time with any offset; digits below a millisecond are dropped. A space is taken
/// for the offset's plus, which is what a plus becomes in a query that was not encoded.
std::optional<std::int64_t> parse_time(std::string_view text);

/// `YYYY-MM-DD`: the moment at which that day begins in UTC.
std::optional<std::int64_t> parse_day(std::string_view text);

}  // namespace ccproxy
