// All request logs that fit a filter, however many, read in short pieces: an open read would keep
// the write-ahead log from being emptied.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace ccproxy::analytics {

struct RequestLog;

/// Absent members do not filter. Times are half-open: from <= request_at < to.
struct LogFilter {
    std::optional<std::string> token_id, account_id, user_name, mode, model, conversation_id;
    std::optional<bool> success;
    std::optional<int> status_code;
    std::optional<std::int64_t> from_ms, to_ms;
};

/// Where a walk stands; made by begin_log_walk(). The places are the store's own.
struct LogWalk {
    LogFilter filter;
    std::int64_t last_place = 0;  ///< What is stored behind it came after the walk began.
    std::int64_t request_at_ms = 0, place = 0;  ///< Of the last log that was looked at.
    bool at_end = false;
};

/// Part of StoreReader.
class LogWalkReader {
  public:
    virtual ~LogWalkReader() = default;

    virtual LogWalk begin_log_walk(const LogFilter& filter) = 0;
    /// Looks at the next `max_logs` logs, the oldest first, and hands those that fit to `visit`,
    /// which may use the log until it returns. Each log that was stored when the walk began is
    /// handed over once, unless it is deleted before its turn. The time that this takes does not
    /// depend on how many logs fit. Any reader may take the next step.
    virtual void step_log_walk(LogWalk& walk, std::int64_t max_logs,
                               const std::function<void(const RequestLog&)>& visit) = 0;
};

}  // namespace ccproxy::analytics
