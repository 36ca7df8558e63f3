// UUIDs of version 7 (RFC 9562, section 5.7): time-ordered ids, so that an index grows at its end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccproxy {

/// Not thread-safe: one a thread. Randomness comes from the kernel, a block at a time.
class UuidV7Generator {
  public:
    /// 36 characters, lower case. Throws std::runtime_error when the system has no randomness.
    std::string next(std::int64_t unix_ms);

  private:
    std::array<unsigned char, 640> random_{};
    std::size_t used_ = sizeof(random_);
};

/// Whether `text` has the form of a UUID (any version, either case).
bool is_uuid(std::string_view text);

}  // namespace ccproxy
