// Wall-clock time as a value that is handed in, so that tests fix it.
#pragma once

#include <chrono>
#include <cstdint>

namespace ccproxy {

/// Thread-safe.
class Clock {
  public:
    virtual ~Clock() = default;
    /// Milliseconds since 1970-01-01T00:00:00Z. May step backwards when the machine's clock does.
    [[nodiscard]] virtual std::int64_t unix_ms() const = 0;
};

class SystemClock final : public Clock {
  public:
    [[nodiscard]] std::int64_t unix_ms() const override {
        using namespace std::chrono;
        return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    }
};

}  // namespace ccproxy
