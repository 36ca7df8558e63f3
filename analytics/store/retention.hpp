// Deleting what is old, in steps that let ingest through, and giving the space back.
#pragma once

#include <cstdint>

namespace ccproxy::analytics {

/// Part of StoreWriter. Each call is one transaction.
class RetentionWriter {
  public:
    virtual ~RetentionWriter() = default;

    /// Deletes the oldest request logs with request_at < `before_ms` (Unix time), `max_rows` at
    /// most, and gives their number: less than `max_rows` when none are left. The daily figures and
    /// the totals of tokens stay. From then on the days before that moment count as purged: they
    /// must not be computed anew from the logs.
    virtual std::int64_t purge_request_logs(std::int64_t before_ms, std::int64_t max_rows) = 0;

    /// Gives up to `max_bytes` that hold nothing back to the file system, and tells how many; 0
    /// when there is nothing to give back. The file is shorter after the next checkpoint().
    virtual std::int64_t release_space(std::int64_t max_bytes) = 0;
};

}  // namespace ccproxy::analytics
