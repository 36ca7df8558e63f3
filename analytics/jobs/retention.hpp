// The job that deletes what is older than it is to be kept, and gives the space back.
#pragma once

#include <string>
#include <utility>

#include "analytics/jobs/job.hpp"

namespace ccproxy::analytics {

/// What a run deletes. Days are of 24 hours before the run; 0 keeps for ever.
struct RetentionRule {
    std::int64_t log_days = 0;
    std::int64_t conversation_days = 0;
    std::string token_id{};  ///< All conversations of this token, whatever their age; empty: none.
};

/// Also deletes the messages that no conversation holds any more, whoever deleted those, and their
/// words in the search index. Reports
/// `logs_deleted`, `conversations_deleted` and `bytes_released`.
class Retention final : public Job {
  public:
    static constexpr std::string_view job_name = "retain";

    explicit Retention(RetentionRule rule) : rule_(std::move(rule)) {}
    /// What a run's report says of the logs, and of the conversations.
    static std::int64_t logs_deleted(const JobReport& report) { return report.at(0).second; }
    static std::int64_t conversations_deleted(const JobReport& report) {
        return report.at(1).second;
    }
    [[nodiscard]] std::string_view name() const override { return job_name; }
    JobReport run_once(const JobContext& context) override;

  private:
    const RetentionRule rule_;
};

}  // namespace ccproxy::analytics
