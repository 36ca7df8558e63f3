// Puts the events of one proxy in order: go-back-N, as the receiver sees it. Pure; time comes in.
#pragma once

#include <cstdint>

namespace ccproxy::analytics {

class SequenceTracker {
  public:
    enum class Verdict {
        take,
        duplicate,
        gap,               ///< Too early, and the proxy has been asked already.
        gap_ask_to_resume  ///< Too early: ask the proxy to send again from expected() on.
    };
    /// A question that led to nothing is repeated after this time.
    static constexpr std::int64_t ask_again_ms = 1'000;

    explicit SequenceTracker(std::uint64_t expected = 1) : expected_(expected) {}

    [[nodiscard]] std::uint64_t expected() const { return expected_; }

    /// `now_ms` is of a clock that never goes back and is not negative.
    Verdict see(std::uint64_t seq, std::int64_t now_ms) {
        if (seq == expected_) {
            ++expected_;
            silent_until_ms_ = 0;
            return Verdict::take;
        }
        if (seq < expected_) return Verdict::duplicate;
        if (now_ms < silent_until_ms_) return Verdict::gap;
        silent_until_ms_ = now_ms + ask_again_ms;
        return Verdict::gap_ask_to_resume;
    }

    /// The proxy was told to send from `expected` on, so what still comes from before needs no
    /// question.
    void resume_from(std::uint64_t expected, std::int64_t now_ms) {
        expected_ = expected;
        silent_until_ms_ = now_ms + ask_again_ms;
    }

  private:
    std::uint64_t expected_;
    std::int64_t silent_until_ms_ = 0;  ///< The proxy has been asked, and has time to answer.
};

}  // namespace ccproxy::analytics
