// What is sent and not acknowledged, and whether more may be. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace ccproxy::bus {

class SendWindow {
  public:
    SendWindow(std::uint64_t max_events, std::int64_t max_bytes)
        : max_events_(max_events), max_bytes_(max_bytes) {}

    /// The last event may go beyond max_bytes, so that one of any size is sent at all.
    [[nodiscard]] bool is_open() const {
        return in_flight_.size() < max_events_ && bytes_ < max_bytes_;
    }
    [[nodiscard]] bool empty() const { return in_flight_.empty(); }

    void sent(std::uint64_t seq, std::size_t bytes) {
        in_flight_.push_back({seq, static_cast<std::int64_t>(bytes)});
        bytes_ += in_flight_.back().bytes;
    }
    /// Events up to `seq` need not be sent again.
    void acked(std::uint64_t seq) {
        while (!in_flight_.empty() && in_flight_.front().seq <= seq) {
            bytes_ -= in_flight_.front().bytes;
            in_flight_.pop_front();
        }
    }
    /// Events from `seq` on will be sent again.
    void take_back(std::uint64_t seq) {
        while (!in_flight_.empty() && in_flight_.back().seq >= seq) {
            bytes_ -= in_flight_.back().bytes;
            in_flight_.pop_back();
        }
    }

  private:
    struct InFlight {
        std::uint64_t seq;
        std::int64_t bytes;
    };

    const std::uint64_t max_events_;
    const std::int64_t max_bytes_;
    std::deque<InFlight> in_flight_;
    std::int64_t bytes_ = 0;
};

}  // namespace ccproxy::bus
