// Days and hours in one time zone of the IANA database: which ones an instant belongs to, and when
// they begin.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.hpp"

namespace date {
class time_zone;
}

namespace ccproxy::analytics {

/// An hour of local clocks: [start, end) in Unix milliseconds, and its day as the number of days
/// since 1970-01-01. Where clocks change in mid-hour it is the part on one side of the change.
struct LocalHour {
    std::int64_t start_ms = 0, end_ms = 0;
    std::int64_t day = 0;

    [[nodiscard]] bool holds(std::int64_t unix_ms) const {
        return start_ms <= unix_ms && unix_ms < end_ms;
    }
};

/// A value; thread-safe. Reads the system's zone files (Debian: tzdata).
class DayZone {
  public:
    /// Fails when the machine knows no zone of that name.
    static Result<DayZone> find(const std::string& name);

    /// Hours follow each other without gaps, and a day is a run of whole hours: where clocks are
    /// set back over midnight, what comes again of the day before counts for the new day.
    [[nodiscard]] LocalHour hour_of(std::int64_t unix_ms) const;
    /// The local day of an instant, in days since 1970-01-01.
    [[nodiscard]] std::int64_t day_number(std::int64_t unix_ms) const;
    /// The same as YYYY-MM-DD.
    [[nodiscard]] std::string day_of(std::int64_t unix_ms) const;

    /// The first instant of a day, in Unix milliseconds. Where clocks skip midnight this is the
    /// moment of the change.
    [[nodiscard]] std::int64_t start_of(std::int64_t day_number) const;
    /// The same of a day given as YYYY-MM-DD. Fails when the text is not a date between the years
    /// 1970 and 9999.
    [[nodiscard]] Result<std::int64_t> start_of(std::string_view day) const;

    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    DayZone(std::string name, const date::time_zone* zone) : name_(std::move(name)), zone_(zone) {}

    std::string name_;
    const date::time_zone* zone_;  ///< Lives as long as the process.
};

/// A day, given as the number of days since 1970-01-01, as YYYY-MM-DD; and back, for a date between
/// the years 1970 and 9999.
std::string day_text(std::int64_t day_number);
Result<std::int64_t> parse_day_number(std::string_view text);

}  // namespace ccproxy::analytics
