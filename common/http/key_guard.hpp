// Keeps an address from trying keys until one fits.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "common/http/message.hpp"
#include "common/net/failed_keys.hpp"

namespace ccproxy::http {

/// For keys that people choose, which may be guessed: an address that has tried too many wrong ones
/// is refused whatever key comes next, so that it does not learn whether that one is right. It is
/// let in again when its minute is over. Thread-safe.
class KeyGuard {
  public:
    /// 0 refuses nobody.
    explicit KeyGuard(std::size_t max_failed_per_minute) : failed_keys_(max_failed_per_minute) {}

    /// 429 while the request's address is refused; to be asked before its key is looked at.
    std::optional<Response> refusal(const Request& request);
    /// The request's key was wrong. One without any is no guess and does not count.
    void failed(const Request& request);

    /// Since the start.
    [[nodiscard]] std::uint64_t blocked_addresses() const { return blocked_addresses_.load(); }
    [[nodiscard]] std::uint64_t blocked_requests() const { return blocked_requests_.load(); }

  private:
    net::FailedKeys failed_keys_;
    std::atomic<std::uint64_t> blocked_addresses_{0};
    std::atomic<std::uint64_t> blocked_requests_{0};
};

}  // namespace ccproxy::http
