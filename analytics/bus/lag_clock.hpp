// How long the oldest event of one proxy that is not stored yet has been known of. Pure; time comes
// in.
#pragma once

#include <cstdint>
#include <vector>

namespace ccproxy::analytics {

/// The age of an event counts from when it was first heard of: by a hello, a ping or an event that
/// gave away its number. It is never told too low, and too high by no more than the time between
/// two marks, which are merged when there are many.
class LagClock {
  public:
    /// What is heard within this time of the last mark joins it.
    static constexpr std::int64_t mark_interval_ms = 100;
    static constexpr std::size_t max_marks = 64;

    /// The proxy has told anew what it holds: its last event is `last_seq`, also where more was
    /// heard of before.
    void align(std::uint64_t watermark, std::uint64_t last_seq, std::int64_t now_ms) {
        if (watermark < watermark_) marks_.clear();
        stored(watermark);
        while (!marks_.empty() && marks_.back().seq > last_seq) {
            marks_.back().seq = last_seq;
            const std::uint64_t before =
                marks_.size() > 1 ? marks_[marks_.size() - 2].seq : watermark_;
            if (before >= last_seq) marks_.pop_back();
        }
        heard(last_seq, now_ms);
    }
    /// Events up to `last_seq` exist.
    void heard(std::uint64_t last_seq, std::int64_t now_ms) {
        if (last_seq <= watermark_) return;
        if (!marks_.empty()) {
            if (last_seq <= marks_.back().seq) return;
            if (now_ms - marks_.back().since_ms < mark_interval_ms) {
                marks_.back().seq = last_seq;
                return;
            }
            if (marks_.size() == max_marks) merge();
        }
        marks_.push_back({last_seq, now_ms});
    }
    /// Events up to `watermark` are stored.
    void stored(std::uint64_t watermark) {
        watermark_ = watermark;
        auto first = marks_.begin();
        while (first != marks_.end() && first->seq <= watermark) ++first;
        marks_.erase(marks_.begin(), first);
    }
    /// 0 when all that is known of is stored.
    [[nodiscard]] std::int64_t age_ms(std::int64_t now_ms) const {
        return marks_.empty() ? 0 : now_ms - marks_.front().since_ms;
    }

  private:
    /// Events up to `seq`, and beyond the mark before, were first heard of at `since_ms` or later.
    struct Mark {
        std::uint64_t seq;
        std::int64_t since_ms;
    };

    /// Of each two marks makes one: the later seq, the earlier time.
    void merge() {
        std::size_t kept = 0;
        for (std::size_t i = 0; i + 1 < marks_.size(); i += 2) {
            marks_[kept++] = {marks_[i + 1].seq, marks_[i].since_ms};
        }
        marks_.resize(kept, {});
    }

    std::uint64_t watermark_ = 0;
    std::vector<Mark> marks_;
};

}  // namespace ccproxy::analytics
