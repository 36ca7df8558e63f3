// A store whose writer jobs use step by step, and jobs that the tests steer.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

#include "analytics/jobs/scheduler.hpp"
#include "tests/unit/analytics/store/store_fixture.hpp"

namespace ccproxy::analytics::test {

/// Runs what the test gives it.
class TestJob final : public Job {
  public:
    using Body = std::function<JobReport(const JobContext&)>;
    TestJob(std::string name, Body body) : name_(std::move(name)), body_(std::move(body)) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    JobReport run_once(const JobContext& context) override { return body_(context); }

  private:
    const std::string name_;
    const Body body_;
};

/// The ends of runs, in their order.
class Ends {
  public:
    Scheduler::OnEnd recorder() {
        return [this](const JobRecord& record) {
            const std::lock_guard lock(mutex_);
            ends_.push_back(record);
            changed_.notify_all();
        };
    }
    /// The next end that was not asked for yet, awaited for ten seconds at most.
    JobRecord next() {
        std::unique_lock lock(mutex_);
        const bool came = changed_.wait_for(lock, std::chrono::seconds(10),
                                            [this] { return taken_ < ends_.size(); });
        if (!came) throw std::runtime_error("no run ended");
        return ends_[taken_++];
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<JobRecord> ends_;
    std::size_t taken_ = 0;
};

/// A door that is shut until the test opens it.
class Door {
  public:
    void pass() {
        std::unique_lock lock(mutex_);
        reached_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    /// Returns when somebody stands before it.
    void await_reached() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return reached_; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool reached_ = false, open_ = false;
};

struct JobsFixture : StoreFixture {
    /// A scheduler over this store.
    std::unique_ptr<Scheduler> make(std::vector<ScheduledJob> jobs) {
        return std::make_unique<Scheduler>(
            std::move(jobs), [this] { return reader(); },
            [this](const std::function<void(StoreWriter&)>& step) { write(step); }, clock);
    }
    std::unique_ptr<Scheduler> make(const std::string& name, TestJob::Body body,
                                    Schedule schedule = {}) {
        std::vector<ScheduledJob> jobs;
        jobs.push_back({std::make_unique<TestJob>(name, std::move(body)), schedule});
        return make(std::move(jobs));
    }
    void write(const std::function<void(StoreWriter&)>& step) {
        const std::lock_guard lock(mutex_);
        if (writer_fails) throw std::runtime_error("disk full");
        step(*writer);
    }
    [[nodiscard]] JobRecord stored(const std::string& name) const {
        for (const JobRecord& record : reader()->jobs()) {
            if (record.name == name) return record;
        }
        return {};
    }

    bool writer_fails = false;

  private:
    std::mutex mutex_;
};

}  // namespace ccproxy::analytics::test
