// A job: work on the database that recurs, such as repairing roll-ups or compressing conversations.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string_view>

#include "analytics/store/store.hpp"

namespace ccproxy::analytics {

/// What a run has at hand. Valid during the run.
struct JobContext {
    std::int64_t now_ms = 0;
    /// Runs one step on the writer thread, between two batches, and returns when it is done. Ingest
    /// waits meanwhile, so a step takes some ten milliseconds at most. Throws what the step throws,
    /// and std::runtime_error when analyticsd is stopping.
    std::function<void(const std::function<void(StoreWriter&)>&)> write;
    /// The run's own connection. A read that stays open keeps the write-ahead log from being
    /// emptied.
    StoreReader& reader;
    /// Asked for between two steps; a run that stops early must be able to go on in the next one.
    std::stop_token stop;
};

/// Used by one thread at a time. It may be killed at any moment: each step leaves the database such
/// that the next run goes on.
class Job {
  public:
    virtual ~Job() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;
    /// Throws std::runtime_error when it cannot do its work; what was done so far stays done.
    virtual JobReport run_once(const JobContext& context) = 0;
};

}  // namespace ccproxy::analytics
