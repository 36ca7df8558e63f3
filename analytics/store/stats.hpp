// Statistics as operations of the domain: questions about figures by any dimensions, and the checks
// that keep the roll-ups true.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analytics/stats/figures.hpp"
#include "analytics/time/day_zone.hpp"
#include "common/result.hpp"

namespace ccproxy::analytics {

/// What figures can be split and filtered by. A set of them is an array with this index.
enum class Dimension : std::size_t { token, user, account, mode, model };
inline constexpr std::size_t dimension_count = 5;

template <class T>
class ByDimension : public std::array<T, dimension_count> {
  public:
    T& operator[](Dimension d) { return this->at(static_cast<std::size_t>(d)); }
    const T& operator[](Dimension d) const { return this->at(static_cast<std::size_t>(d)); }
};

/// A text for each dimension; empty when it is not known, or not asked for.
using Labels = ByDimension<std::string>;

enum class TimeUnit { none, day, hour };

/// What a row of the roll-ups sums up.
enum class RollUpLevel { hour, day, week };

inline constexpr std::int64_t days_of_week = 7;

/// A week is named by the first of its days, whose number is a multiple of 7.
constexpr std::int64_t week_of(std::int64_t day) {
    return day - (day % days_of_week + days_of_week) % days_of_week;
}

enum class FigureSort {
    time,
    request_count,
    success_count,
    error_count,
    prompt_tokens,
    completion_tokens,
    total_tokens,
    cost,
    avg_duration,
    avg_ttft
};

/// Which requests, split by what. Values of a filter are not empty. The range is half-open and both
/// ends are beginnings of hours of stats_zone().
struct StatsQuery {
    ByDimension<std::optional<std::string>> filter{};
    ByDimension<bool> by{};
    TimeUnit per = TimeUnit::none;
    std::int64_t from_ms = 0, to_ms = 0;
    FigureSort sort = FigureSort::time;  ///< Ties go by time, then by labels.
    bool ascending = true;
    std::size_t limit = 1000;
    bool percentiles = false;  ///< Without, the histograms of the answer are empty.
};

struct StatsRow {
    Labels labels;
    std::int64_t period = 0;  ///< The number of the day, or the beginning of the hour.
    Figures figures;
};

struct StatsTable {
    std::vector<StatsRow> rows;  ///< The first `limit` of them; none is empty.
    std::size_t total_rows = 0;  ///< That there are without the limit.
};

struct ActiveCount {
    std::int64_t tokens = 0, users = 0;
};

/// So many rows are looked at to find the first ones.
inline constexpr std::size_t max_stats_rows = 200'000;

/// A row of the roll-ups that does not hold what it should.
struct RollUpDifference {
    RollUpLevel level = RollUpLevel::hour;
    int kind = 0;
    std::int64_t period = 0;
    std::int64_t group_id = 0;  ///< 0 when the group is the one of `labels`, and may be new.
    Labels labels;
    bool remove = false;  ///< Of a group or a time that does not exist.
    Figures expected, stored;
};

struct RollUpCheck {
    bool purged = false;  ///< Logs of the day may be gone: nothing was compared.
    std::int64_t rows_checked = 0;
    std::vector<RollUpDifference> differences;
    std::int64_t repairs = 0;  ///< How many there had been when the differences were found.
};

/// Part of StoreReader; see there for threads and failures.
class StatsReader {
  public:
    virtual ~StatsReader() = default;

    /// The zone that the roll-ups are kept in.
    virtual const DayZone& stats_zone() = 0;
    /// Exact and current. Fails when the question has more than max_stats_rows rows as answer.
    virtual Result<StatsTable> stats(const StatsQuery& query) = 0;
    /// How many different ones had a request in the range, which is one of a StatsQuery; what is
    /// not known is not counted.
    virtual ActiveCount count_active(std::int64_t from_ms, std::int64_t to_ms) = 0;

    /// Logs that are older than this may be gone, so that nothing can be computed from them.
    virtual std::int64_t logs_purged_before_ms() = 0;
    /// The first day from `day` on, up to and without `end`, that has logs or roll-ups.
    virtual std::optional<std::int64_t> next_day_with_data(std::int64_t day, std::int64_t end) = 0;
    /// Compares the roll-ups of an hour with its logs. Reads each of them, at one instant.
    virtual RollUpCheck check_hour(const LocalHour& hour) = 0;
    /// Compares the roll-ups of a day with those of its hours, at one instant.
    virtual RollUpCheck check_day(std::int64_t day) = 0;
    /// Compares what was summed up of the week that `day` is in with the days, at one instant.
    virtual RollUpCheck check_week(std::int64_t day) = 0;
};

/// Part of StoreWriter; see there for threads and failures.
class StatsWriter {
  public:
    virtual ~StatsWriter() = default;

    /// Adds what is missing and takes away what is too much, in the differences from `first` on and
    /// no more than `count` of them. They may be of an earlier moment, whatever was stored since:
    /// false, and nothing is done, when another repair came between. `check.repairs` is moved on.
    virtual bool repair_roll_ups(RollUpCheck& check, std::size_t first, std::size_t count) = 0;

    /// Sums up one week that is over and of which something was written since it was last summed
    /// up: some ten milliseconds. False when there is none. Answers are the same before and after;
    /// those about long ranges are found faster after it.
    virtual bool sum_up_week() = 0;
};

}  // namespace ccproxy::analytics
