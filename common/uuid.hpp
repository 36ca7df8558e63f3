// UUIDs (RFC 9562): time-ordered ones (version 7), so that an index grows at its end, and random
// ones.
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

/// Of version 4, as UuidV7Generator writes it. Thread-safe. Throws as that does.
std::string random_uuid();

/// Whether `text` has the form of a UUID (any version, either case).
bool is_uuid(std::string_view text);

}  // namespace ccproxy
