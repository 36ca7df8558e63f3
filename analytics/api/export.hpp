// Exports: a whole table as a file, made piece by piece while it is sent.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/http/message.hpp"

namespace ccproxy::analytics {

/// What became of the exports since the start. Thread-safe.
struct ExportCounters {
    std::atomic<std::int64_t> running{0};
    std::atomic<std::uint64_t> complete{0};
    std::atomic<std::uint64_t> broken_off{0};  ///< Their client left, or they failed.
};

/// Counts one export from its first piece to its end.
class ExportCount {
  public:
    /// `counters` must outlive it.
    explicit ExportCount(ExportCounters& counters) : counters_(counters) { ++counters_.running; }
    ~ExportCount() {
        --counters_.running;
        ++(complete_ ? counters_.complete : counters_.broken_off);
    }
    ExportCount(const ExportCount&) = delete;
    ExportCount& operator=(const ExportCount&) = delete;
    void complete() { complete_ = true; }

  private:
    ExportCounters& counters_;
    bool complete_ = false;
};

/// csv, json (an array) or jsonl (an object a line).
enum class ExportFormat { csv, json, jsonl };

std::optional<ExportFormat> parse_export_format(std::string_view text);

/// The answer that saves as a file: `name_20261123_113000.csv`.
http::Response export_response(std::string_view name, ExportFormat format, std::int64_t now_ms,
                               std::shared_ptr<http::BodySource> source);

}  // namespace ccproxy::analytics
