// The job that keeps the roll-ups true: computes them anew from the logs, and repairs what differs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "analytics/jobs/job.hpp"
#include "analytics/store/stats.hpp"

namespace ccproxy::analytics {

/// Days of stats.timezone, as numbers since 1970-01-01 (see parse_day_number()); both are included,
/// absent ones leave the range open. `from_day` is not after `to_day`.
struct DayRange {
    std::optional<std::int64_t> from_day, to_day;
};

/// Roll-ups are written with the rows, so a run over a healthy database changes nothing. Days that
/// begin before logs_purged_before_ms() are never touched.
///
/// Comparing is done on the run's own reader, an hour or a day at one instant each, and keeps
/// ingest waiting for nothing. The differences are then added on the writer thread in small steps:
/// whatever was stored meanwhile went into logs and roll-ups alike, so that a difference stays what
/// it is. Runs may overlap: a difference that another run has repaired is looked for again.
///
/// The report: `rows_checked`, `rows_changed` (rows of the roll-ups, hourly, daily and weekly),
/// `days` (with data, all of them compared) and `days_skipped_purged`. Memory grows with the number
/// of roll-ups of one day.
class Aggregator final : public Job {
  public:
    static constexpr std::string_view job_name = "aggregate";

    /// Without a range: all days.
    explicit Aggregator(DayRange range = {}) : range_(range) {}

    [[nodiscard]] std::string_view name() const override { return job_name; }
    /// Throws also when other repairs come between again and again.
    JobReport run_once(const JobContext& context) override;

  private:
    const DayRange range_;
};

}  // namespace ccproxy::analytics
