// The job that compresses conversations which are old.
#pragma once

#include "analytics/jobs/job.hpp"

namespace ccproxy::analytics {

/// Packs are made on the run's own thread; on the writer thread each is one short step. What is
/// compressed reads as before, byte for byte.
///
/// The report: `conversations_compressed`, `messages_compressed`, `bytes_before` and `bytes_after`
/// (what the bodies of these messages took, each for itself, and take now), `messages_damaged`
/// (they cannot be read and stay as they are) and `bytes_released` (to the file system).
class Compressor final : public Job {
  public:
    static constexpr std::string_view job_name = "compress";

    /// Conversations are compressed when they are older than so many days of 24 hours.
    explicit Compressor(std::int64_t after_days) : after_days_(after_days) {}

    [[nodiscard]] std::string_view name() const override { return job_name; }
    /// Throws also when what it is about to write is deleted again and again.
    JobReport run_once(const JobContext& context) override;

  private:
    const std::int64_t after_days_;
};

}  // namespace ccproxy::analytics
