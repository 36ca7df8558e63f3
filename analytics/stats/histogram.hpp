// How many values fell where: percentiles of any union of roll-ups, in a few bytes each. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccproxy::analytics {

/// A log-linear histogram, as HdrHistogram has it (https://hdrhistogram.org): each power of two is
/// cut into 32 buckets of equal width. Values below 64 are exact; above, a bucket is shown as its
/// middle, which is off by 1/64 (1.6 %) of the value at most. Merging two gives what counting all
/// their values at once would have given, to the bit. Integers only, so that every machine agrees.
class Histogram {
  public:
    /// Counts a value; what is negative counts as 0, what is beyond max_value as that.
    void add(std::int64_t value, std::uint64_t count = 1);
    void merge(const Histogram& other);
    /// Merges what encode() made. False, and nothing is merged, when the bytes are not that.
    bool merge_encoded(std::string_view bytes);
    /// Adds what `expected` has and `stored` has not, and takes away what `stored` has too much;
    /// no bucket falls below 0.
    void correct(const Histogram& expected, const Histogram& stored);

    [[nodiscard]] std::uint64_t count() const;
    [[nodiscard]] bool empty() const { return buckets_.empty(); }
    /// The value at the nearest rank: the smallest that at least `fraction` of all do not exceed.
    /// Nothing when nothing was counted. `fraction` is from 0 to 1.
    [[nodiscard]] std::optional<std::int64_t> quantile(double fraction) const;

    /// Appends: nothing when empty; else a version byte (1), then for each bucket in ascending
    /// order the distance of its index from the one before (the first: from -1) and its count, both
    /// as LEB128.
    void encode(std::string& bytes) const;
    /// Nothing when the bytes are not what encode() makes.
    static std::optional<Histogram> decode(std::string_view bytes);

    bool operator==(const Histogram&) const = default;

    static constexpr std::int64_t max_value = (std::int64_t{1} << 36) - 1;
    static constexpr std::size_t max_buckets = 1024;

  private:
    struct Bucket {
        std::uint32_t index;
        std::uint64_t count;
        bool operator==(const Bucket&) const = default;
    };

    using Buckets = std::array<Bucket, max_buckets>;

    friend class HistogramSum;

    void add_to_bucket(std::uint32_t index, std::uint64_t count);
    void merge(const Bucket* first, const Bucket* last);
    static std::optional<std::size_t> read(std::string_view bytes, Buckets& buckets);

    std::vector<Bucket> buckets_;  ///< Ascending by index; no count is 0.
};

/// Adds up many histograms faster than one that merges them, at 8 KiB whatever they hold.
class HistogramSum {
  public:
    /// See Histogram::merge_encoded().
    bool add_encoded(std::string_view bytes);
    [[nodiscard]] Histogram histogram() const;

  private:
    std::array<std::uint64_t, Histogram::max_buckets> counts_{};  ///< By the bucket's index.
};

}  // namespace ccproxy::analytics
