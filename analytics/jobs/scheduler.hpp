// Runs the jobs, one at a time on one thread: each at its interval, and when it is asked for. How
// the last runs went is kept in the store.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "analytics/jobs/job.hpp"
#include "analytics/jobs/schedule.hpp"
#include "common/clock.hpp"

namespace ccproxy::analytics {

struct ScheduledJob {
    std::unique_ptr<Job> job;  ///< Its name belongs to no other.
    Schedule schedule;
};

/// How a job stands; what the API shows.
struct JobStatus {
    JobRecord record;
    std::chrono::milliseconds interval{0};  ///< 0: only when it is asked for.
    bool waiting = false;                   ///< Asked for; another job runs.
};

/// What was asked for may have been refused.
enum class RunRequest { accepted, busy, stopping };

/// run_now(), status() and stop() may be called from any thread.
class Scheduler {
  public:
    using OpenReader = std::function<std::unique_ptr<StoreReader>()>;
    /// See JobContext.
    using Write = std::function<void(const std::function<void(StoreWriter&)>&)>;
    /// Told how a run ended: ok with its report, failed or interrupted with the error. Called once,
    /// on the scheduler's thread; must neither block nor throw.
    using OnEnd = std::function<void(const JobRecord&)>;

    /// `clock` and what the functions use must outlive it.
    Scheduler(std::vector<ScheduledJob> jobs, OpenReader open_reader, Write write,
              const Clock& clock);
    /// Stops.
    ~Scheduler();
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    /// Reads how the last runs went; runs that were cut count as interrupted from now on. Throws
    /// when the database fails.
    void start();
    /// Asks the running job to end and waits for that. Runs that were asked for and have not begun
    /// end as interrupted. May be called twice.
    void stop();

    /// Runs the job of that name as soon as no other runs; it counts as the regular run. Busy when
    /// a run of that name is under way or waits already, so that no job runs twice at once. Throws
    /// std::out_of_range when there is no such job.
    RunRequest run_now(std::string_view name, OnEnd on_end);
    /// Runs `job` once in place of the scheduled job of its name, such as one for another range.
    /// When the regular run is due does not change, unless this one is cut: then the regular one
    /// comes at the next start. This one does not come again: who asked saw no answer.
    RunRequest run_now(std::unique_ptr<Job> job, OnEnd on_end);

    /// In the order in which the jobs were given.
    [[nodiscard]] std::vector<JobStatus> status() const;

  private:
    struct Entry {
        std::unique_ptr<Job> job;
        Schedule schedule;
        JobRecord record;
        bool waiting = false, running = false;
    };
    struct Run {
        Entry* entry;
        std::unique_ptr<Job> job;  ///< In place of the entry's.
        OnEnd on_end;              ///< May be empty.
    };

    RunRequest enqueue(std::string_view name, std::unique_ptr<Job> job, OnEnd on_end);
    void loop(const std::stop_token& stop);
    std::optional<Run> next_run(const std::stop_token& stop);
    void execute(Run run, const std::stop_token& stop);
    JobRecord run_job(Job& job, JobRecord record, const std::stop_token& stop);
    void save(const JobRecord& record);
    void refuse_waiting();

    const OpenReader open_reader_;
    const Write write_;
    const Clock& clock_;

    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    // Guarded by mutex_. Entries are neither added nor removed; a job is used by the thread alone.
    std::vector<Entry> entries_;
    std::deque<Run> queue_;
    bool stopping_ = false;

    std::jthread thread_;
};

}  // namespace ccproxy::analytics
