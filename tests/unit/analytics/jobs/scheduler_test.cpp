// The scheduler over a real store: what runs, what is refused, what a restart finds.
#include "analytics/jobs/scheduler.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/analytics/jobs/jobs_fixture.hpp"

using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

constexpr Schedule daily{std::chrono::hours(24)};
constexpr std::int64_t day_ms = 86'400'000;

JobReport nothing(const JobContext&) {
    return {};
}

/// Waits until the scheduler says so of its first job.
template <class F>
bool comes_true(const Scheduler& scheduler, F probe) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!probe(scheduler.status().at(0))) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

}  // namespace

TEST_CASE("A run that is asked for reports, is remembered, and counts", "[scheduler]") {
    JobsFixture fixture;
    Ends ends;
    const auto scheduler = fixture.make("job", [&](const JobContext& context) {
        CHECK(context.now_ms == fixture.clock.now_ms);
        CHECK(context.reader.jobs().at(0).state == JobState::running);
        context.write([](StoreWriter& store) { store.checkpoint(); });
        return JobReport{{"b", 2}, {"a", -1}};
    });
    scheduler->start();
    CHECK(scheduler->status().at(0).record.state == JobState::never);
    CHECK(scheduler->run_now("job", ends.recorder()) == RunRequest::accepted);
    const JobRecord end = ends.next();
    CHECK(end.state == JobState::ok);
    CHECK(end.report == JobReport{{"b", 2}, {"a", -1}});
    CHECK(end.started_at_ms == fixture.clock.now_ms);
    CHECK(end.finished_at_ms == fixture.clock.now_ms);
    CHECK(end.next_due_ms == std::nullopt);
    CHECK(fixture.stored("job") == end);
    CHECK(scheduler->status().at(0).record == end);
}

TEST_CASE("A job runs when it is due, and not again before its time", "[scheduler]") {
    JobsFixture fixture;
    std::atomic<int> runs = 0;
    const auto body = [&](const JobContext&) { return ++runs, JobReport{}; };
    {
        const auto scheduler = fixture.make("job", body, daily);
        scheduler->start();
        CHECK(comes_true(*scheduler,
                         [](const JobStatus& s) { return s.record.state == JobState::ok; }));
        CHECK(scheduler->status().at(0).record.next_due_ms == fixture.clock.now_ms + day_ms);
    }
    // After a restart within the day only what is asked for runs.
    fixture.clock.now_ms += day_ms - 1;
    {
        Ends ends;
        const auto scheduler = fixture.make("job", body, daily);
        scheduler->start();
        CHECK(scheduler->status().at(0).record.next_due_ms == fixture.clock.now_ms + 1);
        CHECK(scheduler->run_now("job", ends.recorder()) == RunRequest::accepted);
        CHECK(ends.next().next_due_ms == fixture.clock.now_ms + day_ms);
    }
    CHECK(runs == 2);
    fixture.clock.now_ms += day_ms;
    const auto scheduler = fixture.make("job", body, daily);
    scheduler->start();
    CHECK(comes_true(*scheduler, [&](const JobStatus& status) {
        return status.record.started_at_ms == fixture.clock.now_ms &&
               status.record.state == JobState::ok;
    }));
    CHECK(runs == 3);
}

TEST_CASE("A job never runs twice at once; another one waits", "[scheduler]") {
    JobsFixture fixture;
    Ends ends;
    Door door;
    std::vector<ScheduledJob> jobs;
    const auto slow = [&](const JobContext&) { return door.pass(), JobReport{}; };
    jobs.push_back({std::make_unique<TestJob>("slow", slow), {}});
    jobs.push_back({std::make_unique<TestJob>("other", nothing), {}});
    const auto scheduler = fixture.make(std::move(jobs));
    scheduler->start();
    CHECK(scheduler->run_now("slow", ends.recorder()) == RunRequest::accepted);
    door.await_reached();
    CHECK(scheduler->status().at(0).record.state == JobState::running);
    CHECK(scheduler->run_now("slow", ends.recorder()) == RunRequest::busy);
    CHECK(scheduler->run_now(std::make_unique<TestJob>("slow", nothing), ends.recorder()) ==
          RunRequest::busy);
    CHECK(scheduler->run_now("other", ends.recorder()) == RunRequest::accepted);
    CHECK(scheduler->run_now("other", ends.recorder()) == RunRequest::busy);
    CHECK(scheduler->status().at(1).waiting);
    door.open();
    CHECK(ends.next().name == "slow");
    CHECK(ends.next().name == "other");
    CHECK_FALSE(scheduler->status().at(1).waiting);
    CHECK(scheduler->run_now("slow", ends.recorder()) == RunRequest::accepted);
    CHECK(ends.next().state == JobState::ok);
    CHECK_THROWS_AS(scheduler->run_now("unknown", nullptr), std::out_of_range);
}

TEST_CASE("A run in place of the regular one leaves the regular one's time", "[scheduler]") {
    JobsFixture fixture;
    Ends ends;
    const auto scheduler = fixture.make("job", nothing, daily);
    scheduler->start();
    CHECK(
        comes_true(*scheduler, [](const JobStatus& s) { return s.record.state == JobState::ok; }));
    const auto due_ms = scheduler->status().at(0).record.next_due_ms;
    fixture.clock.now_ms += 1000;
    const auto other = [](const JobContext&) { return JobReport{{"other", 1}}; };
    CHECK(scheduler->run_now(std::make_unique<TestJob>("job", other), ends.recorder()) ==
          RunRequest::accepted);
    const JobRecord end = ends.next();
    CHECK(end.report == JobReport{{"other", 1}});
    CHECK(end.next_due_ms == due_ms);
}

TEST_CASE("A run that fails says why, and is tried again", "[scheduler]") {
    JobsFixture fixture;
    Ends ends;
    bool fails = false;
    const auto body = [&](const JobContext&) {
        if (fails) throw std::runtime_error("told to");
        return JobReport{{"done", 1}};
    };
    const auto scheduler = fixture.make("job", body, daily);
    scheduler->start();
    CHECK(
        comes_true(*scheduler, [](const JobStatus& s) { return s.record.state == JobState::ok; }));
    fails = true;
    CHECK(scheduler->run_now("job", ends.recorder()) == RunRequest::accepted);
    const JobRecord end = ends.next();
    CHECK(end.state == JobState::failed);
    CHECK(end.error == "told to");
    CHECK(end.report == JobReport{{"done", 1}});  // That of the last good run.
    CHECK(end.next_due_ms == fixture.clock.now_ms + retry_pause_ms);
    CHECK(fixture.stored("job") == end);
}

TEST_CASE("With a database that fails, a run fails and the scheduler goes on", "[scheduler]") {
    JobsFixture fixture;
    Ends ends;
    const auto scheduler = fixture.make("job", nothing);
    scheduler->start();
    fixture.writer_fails = true;
    CHECK(scheduler->run_now("job", ends.recorder()) == RunRequest::accepted);
    CHECK(ends.next().error == "disk full");
    fixture.writer_fails = false;
    CHECK(scheduler->run_now("job", ends.recorder()) == RunRequest::accepted);
    CHECK(ends.next().state == JobState::ok);
}

TEST_CASE("A run that was killed counts as interrupted and comes again", "[scheduler]") {
    JobsFixture fixture;
    JobRecord cut;
    cut.name = "job";
    cut.state = JobState::running;
    cut.started_at_ms = fixture.clock.now_ms - 1000;
    cut.next_due_ms = fixture.clock.now_ms + day_ms;
    fixture.writer->save_job(cut);
    SECTION("a regular one at once") {
        std::atomic<int> runs = 0;
        const auto body = [&](const JobContext&) { return ++runs, JobReport{}; };
        const auto scheduler = fixture.make("job", body, daily);
        scheduler->start();
        CHECK(comes_true(*scheduler,
                         [](const JobStatus& s) { return s.record.state == JobState::ok; }));
        CHECK(runs == 1);
    }
    SECTION("one that only runs when it is asked for does not") {
        const auto scheduler = fixture.make("job", nothing);
        scheduler->start();
        const JobRecord record = scheduler->status().at(0).record;
        CHECK(record.state == JobState::interrupted);
        CHECK(record.error == "analyticsd ended while it ran");
        CHECK(record.finished_at_ms == fixture.clock.now_ms);
        CHECK(fixture.stored("job") == record);
    }
}

TEST_CASE("Stopping asks the running job to end and refuses the others", "[scheduler]") {
    JobsFixture fixture;
    Ends ends;
    Door door;
    std::vector<ScheduledJob> jobs;
    const auto patient = [&](const JobContext& context) {
        door.pass();
        while (!context.stop.stop_requested()) std::this_thread::yield();
        return JobReport{{"done", 1}};
    };
    jobs.push_back({std::make_unique<TestJob>("patient", patient), daily});
    jobs.push_back({std::make_unique<TestJob>("waiting", nothing), {}});
    const auto scheduler = fixture.make(std::move(jobs));
    scheduler->start();
    door.await_reached();
    CHECK(scheduler->run_now("waiting", ends.recorder()) == RunRequest::accepted);
    door.open();
    scheduler->stop();
    const JobRecord refused = ends.next();
    CHECK(refused.name == "waiting");
    CHECK(refused.state == JobState::interrupted);
    CHECK(refused.error == "analyticsd is stopping");
    CHECK(fixture.stored("patient").state == JobState::interrupted);
    CHECK(fixture.stored("patient").next_due_ms == fixture.clock.now_ms);
    CHECK(fixture.stored("waiting").state == JobState::never);
    CHECK(scheduler->run_now("waiting", nullptr) == RunRequest::stopping);
    scheduler->stop();
}
