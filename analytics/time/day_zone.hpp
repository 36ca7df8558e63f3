// Days in one time zone of the IANA database: which day an instant belongs to, and when a day
// begins.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.hpp"

namespace date {
class time_zone;
}

namespace ccproxy::analytics {

/// A value; thread-safe. Reads the system's zone files (Debian: tzdata).
class DayZone {
  public:
    /// Fails when the machine knows no zone of that name.
    static Result<DayZone> find(const std::string& name);

    /// The local day of an instant, as YYYY-MM-DD.
    [[nodiscard]] std::string day_of(std::int64_t unix_ms) const;
    /// The first instant of a day given as YYYY-MM-DD, in Unix milliseconds. Where clocks skip
    /// midnight this is the moment of the change. Fails when the text is not a date between the
    /// years 1970 and 9999.
    [[nodiscard]] Result<std::int64_t> start_of(std::string_view day) const;
    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    DayZone(std::string name, const date::time_zone* zone) : name_(std::move(name)), zone_(zone) {}

    std::string name_;
    const date::time_zone* zone_;  ///< Lives as long as the process.
};

}  // namespace ccproxy::analytics
