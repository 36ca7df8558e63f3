// Ids, times and digests: request ids like the API's, the date header, SHA-256.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace upstream_sim {

/// Makes ids that are unique among all simulators that run. One thread.
class Ids {
  public:
    Ids();
    std::string request() { return "req_011C" + base62(20); }
    std::string message() { return "msg_01" + base62(22); }
    std::string tool_use() { return "toolu_01" + base62(22); }

  private:
    std::string base62(int length);
    std::mt19937_64 random_;
};

/// Milliseconds since 1970, UTC.
std::int64_t now_ms();

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
std::string http_date(std::int64_t seconds);

/// `2026-01-02T03:04:05Z` (RFC 3339).
std::string rfc3339(std::int64_t seconds);

/// SHA-256 of `data` in lower-case hex.
std::string sha256_hex(std::string_view data);

}  // namespace upstream_sim
