// What the store remembers of the jobs, so that a restart neither forgets nor repeats them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ccproxy::analytics {

/// What a run has done: named figures in the order in which they are shown, such as `rows_changed`.
using JobReport = std::vector<std::pair<std::string, std::int64_t>>;

/// How the last run of a job stands. A run that was cut, by a stop or by a kill, is interrupted.
enum class JobState { never, running, ok, failed, interrupted };

/// The last run of a job; times are Unix milliseconds UTC.
struct JobRecord {
    std::string name;
    JobState state = JobState::never;
    std::optional<std::int64_t> started_at_ms;
    std::optional<std::int64_t> finished_at_ms;  ///< Absent while it runs.
    std::optional<std::int64_t> next_due_ms;     ///< Absent when nothing is planned.
    JobReport report;                            ///< Of the last run that went well.
    std::string error;                           ///< Why the last run did not; empty when it did.

    bool operator==(const JobRecord&) const = default;
};

/// As the database and the API write it: never, running, ok, failed, interrupted.
const char* to_string(JobState state);

/// Part of StoreWriter.
class JobWriter {
  public:
    virtual ~JobWriter() = default;
    /// Takes the place of what was known of the job of that name.
    virtual void save_job(const JobRecord& record) = 0;
};

/// Part of StoreReader.
class JobReader {
  public:
    virtual ~JobReader() = default;
    /// By name.
    virtual std::vector<JobRecord> jobs() = 0;
};

}  // namespace ccproxy::analytics
