#include "analytics/jobs/scheduler.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "common/thread.hpp"

namespace ccproxy::analytics {
namespace {

/// The clock may be set meanwhile, so that nobody sleeps for longer.
constexpr std::chrono::milliseconds longest_sleep{60'000};
constexpr const char* stopping_error = "analyticsd is stopping";
constexpr const char* cut_error = "analyticsd ended while it ran";

}  // namespace

Scheduler::Scheduler(std::vector<ScheduledJob> jobs, OpenReader open_reader, Write write,
                     const Clock& clock)
    : open_reader_(std::move(open_reader)), write_(std::move(write)), clock_(clock) {
    for (ScheduledJob& scheduled : jobs) {
        Entry entry;
        entry.record.name = scheduled.job->name();
        entry.job = std::move(scheduled.job);
        entry.schedule = scheduled.schedule;
        entries_.push_back(std::move(entry));
    }
}

Scheduler::~Scheduler() {
    stop();
}

void Scheduler::start() {
    const std::int64_t now_ms = clock_.unix_ms();
    const std::vector<JobRecord> known = open_reader_()->jobs();
    for (Entry& entry : entries_) {
        const auto record =
            std::ranges::find(known, entry.record.name, [](const JobRecord& r) { return r.name; });
        if (record != known.end()) entry.record = *record;
        const bool was_cut = entry.record.state == JobState::running;
        entry.record.next_due_ms = due_at_start(entry.schedule, entry.record, now_ms);
        if (!was_cut) continue;
        entry.record.state = JobState::interrupted;
        entry.record.finished_at_ms = now_ms;
        entry.record.error = cut_error;
        spdlog::warn("the job {} was cut by the end of analyticsd", entry.record.name);
        write_([&](StoreWriter& store) { store.save_job(entry.record); });
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
}

void Scheduler::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    refuse_waiting();
}

RunRequest Scheduler::run_now(std::string_view name, OnEnd on_end) {
    return enqueue(name, nullptr, std::move(on_end));
}

RunRequest Scheduler::run_now(std::unique_ptr<Job> job, OnEnd on_end) {
    const std::string name(job->name());
    return enqueue(name, std::move(job), std::move(on_end));
}

RunRequest Scheduler::enqueue(std::string_view name, std::unique_ptr<Job> job, OnEnd on_end) {
    {
        const std::lock_guard lock(mutex_);
        const auto entry = std::ranges::find(
            entries_, name, [](const Entry& e) -> std::string_view { return e.record.name; });
        if (entry == entries_.end()) throw std::out_of_range("no job " + std::string(name));
        if (stopping_) return RunRequest::stopping;
        if (entry->running || entry->waiting) return RunRequest::busy;
        entry->waiting = true;
        queue_.push_back({&*entry, std::move(job), std::move(on_end)});
    }
    changed_.notify_all();
    return RunRequest::accepted;
}

std::vector<JobStatus> Scheduler::status() const {
    const std::lock_guard lock(mutex_);
    std::vector<JobStatus> all;
    for (const Entry& entry : entries_) {
        all.push_back({entry.record, entry.schedule.interval, entry.waiting});
    }
    return all;
}

void Scheduler::loop(const std::stop_token& stop) {
    name_thread("jobs");
    while (std::optional<Run> run = next_run(stop)) execute(std::move(*run), stop);
}

/// Waits for a run that was asked for, or that is due. Nothing when the scheduler stops.
std::optional<Scheduler::Run> Scheduler::next_run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        if (!queue_.empty()) {
            Run run = std::move(queue_.front());
            queue_.pop_front();
            run.entry->waiting = false;
            run.entry->running = true;
            return run;
        }
        const std::int64_t now_ms = clock_.unix_ms();
        std::chrono::milliseconds sleep = longest_sleep;
        for (Entry& entry : entries_) {
            const std::optional<std::int64_t> wait_ms =
                until_due_ms(entry.schedule, entry.record, now_ms);
            if (!wait_ms) continue;
            if (*wait_ms <= 0) {
                entry.running = true;
                return Run{&entry, nullptr, nullptr};
            }
            sleep = std::min(sleep, std::chrono::milliseconds(*wait_ms));
        }
        changed_.wait_for(lock, stop, sleep, [this] { return !queue_.empty(); });
    }
    return std::nullopt;
}

void Scheduler::execute(Run run, const std::stop_token& stop) {
    Entry& entry = *run.entry;
    JobRecord record;
    {
        const std::lock_guard lock(mutex_);
        entry.record.state = JobState::running;
        entry.record.started_at_ms = clock_.unix_ms();
        entry.record.finished_at_ms.reset();
        entry.record.error.clear();
        record = entry.record;
    }
    record = run_job(run.job ? *run.job : *entry.job, std::move(record), stop);
    if (!run.job) record.next_due_ms = due_after_run(entry.schedule, record);
    try {
        save(record);
    } catch (const std::exception& error) {
        // The next start takes the run for one that was cut, and repeats it.
        spdlog::warn("the end of the job {} could not be noted: {}", record.name, error.what());
    }
    {
        const std::lock_guard lock(mutex_);
        entry.record = record;
        entry.running = false;
    }
    if (run.on_end) run.on_end(record);
}

/// Gives the record with the outcome.
JobRecord Scheduler::run_job(Job& job, JobRecord record, const std::stop_token& stop) {
    try {
        save(record);
        const std::unique_ptr<StoreReader> reader = open_reader_();
        JobReport report = job.run_once({*record.started_at_ms, write_, *reader, stop});
        record.state = stop.stop_requested() ? JobState::interrupted : JobState::ok;
        if (record.state == JobState::ok) record.report = std::move(report);
    } catch (const std::exception& error) {
        record.state = stop.stop_requested() ? JobState::interrupted : JobState::failed;
        record.error = error.what();
    }
    if (record.state == JobState::interrupted) record.error = stopping_error;
    if (record.state == JobState::failed) {
        spdlog::error("the job {} failed: {}", record.name, record.error);
    }
    record.finished_at_ms = clock_.unix_ms();
    return record;
}

void Scheduler::save(const JobRecord& record) {
    write_([&](StoreWriter& store) { store.save_job(record); });
}

void Scheduler::refuse_waiting() {
    std::deque<Run> refused;
    {
        const std::lock_guard lock(mutex_);
        refused.swap(queue_);
        for (const Run& run : refused) run.entry->waiting = false;
    }
    for (const Run& run : refused) {
        JobRecord record;
        record.name = run.entry->record.name;
        record.state = JobState::interrupted;
        record.error = stopping_error;
        if (run.on_end) run.on_end(record);
    }
}

}  // namespace ccproxy::analytics
