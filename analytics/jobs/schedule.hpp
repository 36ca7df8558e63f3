// When a job is to run: at once if it never has, then at an interval. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "analytics/store/jobs.hpp"

namespace ccproxy::analytics {

/// From the beginning of one run to that of the next. Nothing is planned when it is 0.
struct Schedule {
    std::chrono::milliseconds interval{0};
};

/// A run that failed is tried again after this long, or after the interval where that is shorter.
inline constexpr std::int64_t retry_pause_ms = 10 * 60'000;
/// So that a job which takes longer than its interval leaves time for others.
inline constexpr std::int64_t shortest_pause_ms = 60'000;

/// When a job is due that is known by `record`, at the start of the program. A run that was cut
/// goes on at once. An interval that was shortened acts, and so does a clock that was set back.
inline std::optional<std::int64_t> due_at_start(Schedule schedule, const JobRecord& record,
                                                std::int64_t now_ms) {
    if (schedule.interval.count() == 0) return std::nullopt;
    const bool was_cut = record.state == JobState::running || record.state == JobState::interrupted;
    if (was_cut || !record.next_due_ms) return now_ms;
    return std::min(*record.next_due_ms, now_ms + schedule.interval.count());
}

/// How long it is still to wait; not more than the interval, whatever the clock was set to. Nothing
/// when nothing is planned.
inline std::optional<std::int64_t> until_due_ms(Schedule schedule, const JobRecord& record,
                                                std::int64_t now_ms) {
    if (!record.next_due_ms) return std::nullopt;
    return std::min(*record.next_due_ms - now_ms, schedule.interval.count());
}

/// When it is due after a run that is known by `record` and has finished.
inline std::optional<std::int64_t> due_after_run(Schedule schedule, const JobRecord& record) {
    if (schedule.interval.count() == 0) return std::nullopt;
    const std::int64_t started_ms = record.started_at_ms.value_or(0);
    const std::int64_t finished_ms = record.finished_at_ms.value_or(started_ms);
    if (record.state == JobState::interrupted) return finished_ms;
    const std::int64_t next_ms =
        std::max(started_ms + schedule.interval.count(), finished_ms + shortest_pause_ms);
    if (record.state != JobState::failed) return next_ms;
    return std::min(next_ms, finished_ms + retry_pause_ms);
}

}  // namespace ccproxy::analytics
