#include "analytics/stats/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace ccproxy::analytics {
namespace {

constexpr unsigned bits_of_bucket = 5;  // 32 buckets in each power of two.
constexpr std::uint32_t buckets_of_power = 1U << bits_of_bucket;
constexpr char version = 1;
/// A sum of counts stays within a signed column whatever is merged.
constexpr std::uint64_t max_count = std::numeric_limits<std::int64_t>::max();

std::uint32_t index_of(std::int64_t value) {
    const auto bounded =
        static_cast<std::uint64_t>(std::clamp<std::int64_t>(value, 0, Histogram::max_value));
    if (bounded < 2 * buckets_of_power) return static_cast<std::uint32_t>(bounded);
    const auto shift = static_cast<unsigned>(std::bit_width(bounded)) - bits_of_bucket - 1;
    return shift * buckets_of_power + static_cast<std::uint32_t>(bounded >> shift);
}

/// The middle of a bucket.
std::int64_t value_of(std::uint32_t index) {
    if (index < 2 * buckets_of_power) return index;
    const std::uint32_t shift = index / buckets_of_power - 1;
    const std::int64_t lowest = std::int64_t{index % buckets_of_power + buckets_of_power} << shift;
    return lowest + ((std::int64_t{1} << shift) - 1) / 2;
}

void append_number(std::uint64_t number, std::string& bytes) {
    while (number >= 0x80) {
        bytes.push_back(static_cast<char>(number | 0x80));
        number >>= 7;
    }
    bytes.push_back(static_cast<char>(number));
}

/// Takes a number off the front of [next, end). 0, which no number of a histogram is, when there is
/// none of at most 63 bits in its shortest form. Most are one byte, and an answer about a long
/// range reads hundreds of thousands.
inline std::uint64_t take_number(const char*& next, const char* end) {
    if (next == end) return 0;
    const auto first = static_cast<unsigned char>(*next++);
    if (first < 0x80) return first;
    std::uint64_t number = first & 0x7fU;
    for (unsigned shift = 7; shift < 63 && next != end; shift += 7) {
        const auto byte = static_cast<unsigned char>(*next++);
        number |= std::uint64_t{byte & 0x7fU} << shift;
        if (byte < 0x80) return byte == 0 ? 0 : number;
    }
    return 0;
}

std::uint64_t bounded_sum(std::uint64_t a, std::uint64_t b) {
    return b > max_count - a ? max_count : a + b;
}

}  // namespace

void Histogram::add(std::int64_t value, std::uint64_t count) {
    if (count > 0) add_to_bucket(index_of(value), std::min(count, max_count));
}

void Histogram::add_to_bucket(std::uint32_t index, std::uint64_t count) {
    const auto place = std::lower_bound(
        buckets_.begin(), buckets_.end(), index,
        [](const Bucket& bucket, std::uint32_t wanted) { return bucket.index < wanted; });
    if (place != buckets_.end() && place->index == index) {
        place->count = bounded_sum(place->count, count);
    } else {
        buckets_.insert(place, {index, count});
    }
}

void Histogram::merge(const Histogram& other) {
    merge(other.buckets_.data(), other.buckets_.data() + other.buckets_.size());
}

bool Histogram::merge_encoded(std::string_view bytes) {
    Buckets buckets;
    const std::optional<std::size_t> count = read(bytes, buckets);
    if (count) merge(buckets.data(), buckets.data() + *count);
    return count.has_value();
}

void Histogram::merge(const Bucket* first, const Bucket* last) {
    if (buckets_.empty()) return buckets_.assign(first, last);
    // A small one into a large one is the usual case of a sum over many roll-ups.
    if (static_cast<std::size_t>(last - first) * 8 <= buckets_.size()) {
        for (const Bucket* theirs = first; theirs != last; ++theirs) {
            add_to_bucket(theirs->index, theirs->count);
        }
        return;
    }
    // What is there already is added in place: a long sum soon has all the buckets.
    std::vector<Bucket> missing;
    auto mine = buckets_.begin();
    for (const Bucket* theirs = first; theirs != last; ++theirs) {
        while (mine != buckets_.end() && mine->index < theirs->index) ++mine;
        if (mine != buckets_.end() && mine->index == theirs->index) {
            mine->count = bounded_sum(mine->count, theirs->count);
        } else {
            missing.push_back(*theirs);
        }
    }
    if (missing.empty()) return;
    const auto middle = buckets_.insert(buckets_.end(), missing.begin(), missing.end());
    std::inplace_merge(buckets_.begin(), middle, buckets_.end(),
                       [](const Bucket& a, const Bucket& b) { return a.index < b.index; });
}

void Histogram::correct(const Histogram& expected, const Histogram& stored) {
    merge(expected);
    for (const Bucket& surplus : stored.buckets_) {
        for (Bucket& bucket : buckets_) {
            if (bucket.index != surplus.index) continue;
            bucket.count -= std::min(bucket.count, surplus.count);
        }
    }
    std::erase_if(buckets_, [](const Bucket& bucket) { return bucket.count == 0; });
}

std::uint64_t Histogram::count() const {
    std::uint64_t sum = 0;
    for (const Bucket& bucket : buckets_) sum = bounded_sum(sum, bucket.count);
    return sum;
}

std::optional<std::int64_t> Histogram::quantile(double fraction) const {
    if (buckets_.empty()) return std::nullopt;
    const double rank = std::ceil(fraction * static_cast<double>(count()));
    std::uint64_t passed = 0;
    for (const Bucket& bucket : buckets_) {
        passed = bounded_sum(passed, bucket.count);
        if (static_cast<double>(passed) >= rank) return value_of(bucket.index);
    }
    return value_of(buckets_.back().index);
}

void Histogram::encode(std::string& bytes) const {
    if (buckets_.empty()) return;
    bytes.push_back(version);
    std::uint32_t next = 0;
    for (const Bucket& bucket : buckets_) {
        append_number(bucket.index - next + 1, bytes);
        append_number(bucket.count, bytes);
        next = bucket.index + 1;
    }
}

std::optional<Histogram> Histogram::decode(std::string_view bytes) {
    Histogram histogram;
    if (!histogram.merge_encoded(bytes)) return std::nullopt;
    return histogram;
}

/// How many buckets the bytes hold; nothing when they are not what encode() makes.
std::optional<std::size_t> Histogram::read(std::string_view bytes, Buckets& buckets) {
    if (bytes.empty()) return 0;
    if (bytes.size() == 1 || bytes.front() != version) return std::nullopt;
    const char* next = bytes.data() + 1;
    const char* const end = bytes.data() + bytes.size();
    std::uint64_t passed = 0;
    std::size_t size = 0;
    while (next != end) {
        const std::uint64_t distance = take_number(next, end);
        const std::uint64_t count = take_number(next, end);
        if (distance == 0 || count == 0 || distance > max_buckets - passed) return std::nullopt;
        passed += distance;
        buckets[size++] = {static_cast<std::uint32_t>(passed - 1), count};
    }
    return size;
}

bool HistogramSum::add_encoded(std::string_view bytes) {
    Histogram::Buckets buckets;
    const std::optional<std::size_t> size = Histogram::read(bytes, buckets);
    if (!size) return false;
    for (std::size_t i = 0; i < *size; ++i) {
        std::uint64_t& count = counts_[buckets[i].index];
        count = bounded_sum(count, buckets[i].count);
    }
    return true;
}

Histogram HistogramSum::histogram() const {
    Histogram histogram;
    for (std::uint32_t index = 0; index < counts_.size(); ++index) {
        if (counts_[index] > 0) histogram.buckets_.push_back({index, counts_[index]});
    }
    return histogram;
}

}  // namespace ccproxy::analytics
