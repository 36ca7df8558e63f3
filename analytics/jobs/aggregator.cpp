#include "analytics/jobs/aggregator.hpp"

#include <algorithm>
#include <stdexcept>

namespace ccproxy::analytics {
namespace {

/// Some milliseconds on the writer thread.
constexpr std::size_t rows_a_step = 200;
constexpr int max_tries = 5;
/// The last day of the year 9999, up to which logs are taken.
constexpr std::int64_t last_day = 2'932'896;

class Run {
  public:
    explicit Run(const JobContext& context) : context_(context) {}

    void aggregate(const DayRange& range) {
        const DayZone& zone = context_.reader.stats_zone();
        const std::int64_t end = range.to_day.value_or(last_day) + 1;
        StoreReader& reader = context_.reader;
        auto day = reader.next_day_with_data(range.from_day.value_or(-1), end);
        while (day && !context_.stop.stop_requested()) {
            const std::int64_t current = *day;
            const bool checked = aggregate_day(zone, current);
            day = reader.next_day_with_data(current + 1, end);
            const bool ends_week = !day || week_of(*day) != week_of(current);
            if (checked && ends_week) mend([&] { return reader.check_week(current); });
        }
    }

    [[nodiscard]] JobReport report() const {
        return {{"rows_checked", rows_checked_},
                {"rows_changed", rows_changed_},
                {"days", days_},
                {"days_skipped_purged", days_skipped_}};
    }

  private:
    /// Hours first: what they hold then is what the day must add up to. False when the day was not
    /// compared to its end.
    bool aggregate_day(const DayZone& zone, std::int64_t day) {
        if (zone.start_of(day) < context_.reader.logs_purged_before_ms()) {
            ++days_skipped_;
            return false;
        }
        const std::int64_t end_ms = zone.start_of(day + 1);
        for (std::int64_t at = zone.start_of(day); at < end_ms;) {
            const LocalHour hour = zone.hour_of(at);
            mend([&] { return context_.reader.check_hour(hour); });
            if (context_.stop.stop_requested()) return false;
            at = hour.end_ms;
        }
        mend([&] { return context_.reader.check_day(day); });
        ++days_;
        return true;
    }

    template <class Check>
    void mend(const Check& check) {
        for (int tries = 0; tries < max_tries; ++tries) {
            RollUpCheck found = check();
            if (tries == 0) rows_checked_ += found.rows_checked;
            if (repair(found)) return;
        }
        throw std::runtime_error("another run repairs the statistics at the same time");
    }

    /// False when another repair has come between.
    bool repair(RollUpCheck& found) {
        for (std::size_t first = 0; first < found.differences.size(); first += rows_a_step) {
            bool repaired = false;
            context_.write([&](StoreWriter& store) {
                repaired = store.repair_roll_ups(found, first, rows_a_step);
            });
            if (!repaired) return false;
            const std::size_t left = found.differences.size() - first;
            rows_changed_ += static_cast<std::int64_t>(std::min(left, rows_a_step));
        }
        return true;
    }

    const JobContext& context_;
    std::int64_t rows_checked_ = 0, rows_changed_ = 0, days_ = 0, days_skipped_ = 0;
};

}  // namespace

JobReport Aggregator::run_once(const JobContext& context) {
    Run run(context);
    run.aggregate(range_);
    return run.report();
}

}  // namespace ccproxy::analytics
