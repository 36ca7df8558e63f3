// When a job is due, at fixed times.
#include "analytics/jobs/schedule.hpp"

#include <catch2/catch.hpp>

using namespace ccproxy::analytics;

namespace {

constexpr std::int64_t now_ms = 1'735'689'600'000;
constexpr std::int64_t hour_ms = 3'600'000;
constexpr Schedule daily{std::chrono::hours(24)};
constexpr Schedule on_demand{};

JobRecord record(JobState state, std::optional<std::int64_t> started_ms,
                 std::optional<std::int64_t> finished_ms, std::optional<std::int64_t> next_due_ms) {
    return {"job", state, started_ms, finished_ms, next_due_ms, {}, ""};
}

}  // namespace

TEST_CASE("A job that never ran is due at once", "[schedule]") {
    CHECK(due_at_start(daily, {}, now_ms) == now_ms);
}

TEST_CASE("A restart neither repeats a job nor puts it off", "[schedule]") {
    const std::int64_t due_ms = now_ms + 5 * hour_ms;
    CHECK(due_at_start(daily, record(JobState::ok, now_ms, now_ms, due_ms), now_ms) == due_ms);
    CHECK(due_at_start(daily, record(JobState::failed, now_ms, now_ms, due_ms), now_ms) == due_ms);
    const std::int64_t missed_ms = now_ms - 100 * hour_ms;
    CHECK(due_at_start(daily, record(JobState::ok, 1, 1, missed_ms), now_ms) == missed_ms);
}

TEST_CASE("A run that was cut goes on at once", "[schedule]") {
    const std::int64_t due_ms = now_ms + hour_ms;
    const auto at_start = [&](JobState state) {
        return due_at_start(daily, record(state, now_ms, std::nullopt, due_ms), now_ms);
    };
    CHECK(at_start(JobState::running) == now_ms);
    CHECK(at_start(JobState::interrupted) == now_ms);
}

TEST_CASE("A shorter interval and a clock that was set back act at the start", "[schedule]") {
    const JobRecord far = record(JobState::ok, now_ms, now_ms, now_ms + 1000 * hour_ms);
    CHECK(due_at_start(daily, far, now_ms) == now_ms + 24 * hour_ms);
    CHECK(until_due_ms(daily, far, now_ms) == 24 * hour_ms);
}

TEST_CASE("Without an interval nothing is planned", "[schedule]") {
    const JobRecord planned_before = record(JobState::running, now_ms, now_ms, now_ms);
    CHECK(due_at_start(on_demand, planned_before, now_ms) == std::nullopt);
    CHECK(due_after_run(on_demand, planned_before) == std::nullopt);
    CHECK(until_due_ms(on_demand, {}, now_ms) == std::nullopt);
}

TEST_CASE("The interval counts from the beginning of a run", "[schedule]") {
    const JobRecord ok = record(JobState::ok, now_ms, now_ms + hour_ms, now_ms);
    CHECK(due_after_run(daily, ok) == now_ms + 24 * hour_ms);
}

TEST_CASE("A run that takes longer than the interval is followed by a pause", "[schedule]") {
    const JobRecord ok = record(JobState::ok, now_ms, now_ms + 30 * hour_ms, now_ms);
    CHECK(due_after_run(daily, ok) == now_ms + 30 * hour_ms + shortest_pause_ms);
}

TEST_CASE("A failed run is tried again soon, never later than the interval has it", "[schedule]") {
    const JobRecord failed = record(JobState::failed, now_ms, now_ms + 1000, now_ms);
    CHECK(due_after_run(daily, failed) == now_ms + 1000 + retry_pause_ms);
    const Schedule short_one{std::chrono::minutes(2)};
    CHECK(due_after_run(short_one, failed) == now_ms + 120'000);
}

TEST_CASE("A run that was stopped is due at once", "[schedule]") {
    const JobRecord stopped = record(JobState::interrupted, now_ms, now_ms + 1000, now_ms);
    CHECK(due_after_run(daily, stopped) == now_ms + 1000);
}

TEST_CASE("How long it is to wait", "[schedule]") {
    const auto until = [](std::int64_t due_ms) {
        return until_due_ms(daily, record(JobState::ok, 1, 1, due_ms), now_ms);
    };
    CHECK(until(now_ms + 7) == 7);
    CHECK(until(now_ms) == 0);
    CHECK(until(now_ms - 7) == -7);
}
