// The ledger: what was served, entry by entry, in memory and (if wanted) in a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/upstream_sim/request.hpp"

namespace upstream_sim {

/// How an answer ended. kCut: the simulator itself left it incomplete.
enum class Outcome { kComplete, kCut, kClientGone };

/// What is known of one request when it ends. The token counts are what the answer was worth until
/// then: of an answer that did not end, the deltas that were sent.
struct Record {
    std::string request_id;
    std::string model;  ///< empty when the request named none
    bool stream = false;
    int status = 0;  ///< 0 when no head was sent
    std::uint64_t input_tokens = 0;
    std::uint64_t cache_creation_5m_tokens = 0;
    std::uint64_t cache_creation_1h_tokens = 0;
    std::uint64_t cache_read_tokens = 0;
    std::uint64_t output_tokens = 0;
    std::string stop_reason;  ///< empty when none was sent
    Outcome outcome = Outcome::kComplete;
    std::uint64_t bytes_sent = 0;  ///< head and framing included, before TLS
    std::int64_t started_ms = 0;
    std::int64_t ended_ms = 0;
};

/// The entry of `record` as one line of JSON, without a line end. Holds all request headers,
/// credentials included: tests look there for keys that must not reach an upstream.
std::string to_json(const Record& record, const Request& request);

/// One thread. The oldest entries go when a limit is reached.
class Ledger {
  public:
    /// Opens `file` for appending, unless it is empty. Throws std::system_error.
    Ledger(const std::string& file, std::size_t max_entries, std::size_t max_bytes);
    ~Ledger();
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;

    /// Takes an entry; the file gets its line by a single write(2).
    void add(std::string entry);
    void clear();

    /// Entries are numbered from 0 for ever; those from first() up to end() are held.
    std::uint64_t first() const { return first_; }
    std::uint64_t end() const { return first_ + entries_.size(); }
    std::string_view at(std::uint64_t number) const { return entries_[number - first_]; }
    std::uint64_t dropped() const { return dropped_; }
    std::uint64_t file_errors() const { return file_errors_; }

  private:
    const std::size_t max_entries_;
    const std::size_t max_bytes_;
    int file_ = -1;
    std::deque<std::string> entries_;
    std::size_t bytes_ = 0;
    std::uint64_t first_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t file_errors_ = 0;
};

}  // namespace upstream_sim
