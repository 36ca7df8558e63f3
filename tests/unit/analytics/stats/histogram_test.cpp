// Percentiles within their bound, merging without loss, and bytes from outside.
#include "analytics/stats/histogram.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "analytics/stats/figures.hpp"

using namespace ccproxy::analytics;

namespace {

std::string encoded(const Histogram& histogram) {
    std::string bytes;
    histogram.encode(bytes);
    return bytes;
}

/// The definition, over all values.
std::int64_t exact_quantile(std::vector<std::int64_t> values, double fraction) {
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<std::size_t>(
        std::max(1.0, std::ceil(fraction * static_cast<double>(values.size()))));
    return values[rank - 1];
}

std::vector<std::int64_t> durations(unsigned seed, std::size_t count) {
    std::mt19937 random(seed);
    std::lognormal_distribution<double> distribution(7.5, 1.5);
    std::vector<std::int64_t> values;
    while (values.size() < count) values.push_back(std::llround(distribution(random)));
    return values;
}

Histogram histogram_of(const std::vector<std::int64_t>& values) {
    Histogram histogram;
    for (const std::int64_t value : values) histogram.add(value);
    return histogram;
}

}  // namespace

TEST_CASE("percentiles are within 1/64 of the exact ones", "[stats]") {
    const std::vector<std::int64_t> values = durations(GENERATE(1U, 2U, 3U), 5000);
    const Histogram histogram = histogram_of(values);
    for (const double fraction : {0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
        const auto exact = static_cast<double>(exact_quantile(values, fraction));
        const auto shown = static_cast<double>(histogram.quantile(fraction).value());
        CAPTURE(fraction, exact, shown);
        CHECK(std::abs(shown - exact) <= exact / 64);
    }
}

TEST_CASE("every value is shown within 1/64, and below 64 exactly", "[stats]") {
    std::int64_t last = -1;
    for (std::int64_t value = 0; value <= Histogram::max_value; value += 1 + value / 1000) {
        Histogram histogram;
        histogram.add(value);
        const std::int64_t shown = histogram.quantile(0.5).value();
        REQUIRE(std::abs(shown - value) * 64 <= value);
        if (value < 64) REQUIRE(shown == value);
        REQUIRE(shown >= last);
        last = shown;
    }
    Histogram edges;
    edges.add(-5);
    edges.add(INT64_MAX);
    CHECK(edges.quantile(0) == 0);
    CHECK(std::abs(edges.quantile(1).value() - Histogram::max_value) <= Histogram::max_value / 64);
    CHECK(Histogram::decode(encoded(edges)) == edges);
}

TEST_CASE("nothing counted has no percentiles and no bytes", "[stats]") {
    CHECK_FALSE(Histogram().quantile(0.5));
    CHECK(encoded(Histogram()).empty());
    CHECK(Histogram::decode("") == Histogram());
    Histogram none;
    none.add(5, 0);
    CHECK(none.empty());
}

TEST_CASE("merging equals counting all at once, in any order and through bytes", "[stats]") {
    const std::vector<std::int64_t> all = durations(4, 3000);
    const Histogram whole = histogram_of(all);
    Histogram forwards;
    Histogram backwards;
    for (const std::size_t cut : {0UL, 1UL, 5UL, 900UL, 2990UL}) {
        const auto middle = all.begin() + static_cast<std::ptrdiff_t>(cut);
        const Histogram head = histogram_of({all.begin(), middle});
        const Histogram tail = histogram_of({middle, all.end()});
        forwards = head;
        forwards.merge(Histogram::decode(encoded(tail)).value());
        backwards = tail;
        backwards.merge(head);
        CHECK(forwards == whole);
        CHECK(backwards == whole);
        CHECK(encoded(forwards) == encoded(whole));
    }
    CHECK(whole.count() == 3000);
}

TEST_CASE("a sum of many is what merging them gives", "[stats]") {
    HistogramSum sum;
    CHECK(sum.histogram().empty());
    Histogram merged;
    for (unsigned seed = 10; seed < 30; ++seed) {
        const Histogram part = histogram_of(durations(seed, seed % 7 * 40));
        CHECK(sum.add_encoded(encoded(part)));
        merged.merge(part);
        CHECK(sum.histogram() == merged);
    }
    Histogram huge;
    huge.add(Histogram::max_value, UINT64_MAX);
    for (int i = 0; i < 2; ++i) {
        CHECK(sum.add_encoded(encoded(huge)));
        merged.merge(huge);
    }
    CHECK(sum.histogram() == merged);
}

TEST_CASE("a difference mends whatever came meanwhile", "[stats]") {
    const Histogram expected = histogram_of(durations(5, 400));
    Histogram stored = histogram_of(durations(6, 300));
    const Histogram meanwhile = histogram_of(durations(7, 200));
    Histogram now = stored;
    now.merge(meanwhile);
    now.correct(expected, stored);
    Histogram right = expected;
    right.merge(meanwhile);
    CHECK(now == right);
    stored.correct({}, stored);
    CHECK(stored.empty());
}

TEST_CASE("bytes that encode() does not make are refused", "[stats]") {
    const std::string good = encoded(histogram_of(durations(8, 50)));
    REQUIRE(Histogram::decode(good));
    std::size_t refused = 0;
    for (std::size_t size = 1; size < good.size(); ++size) {
        const auto cut = Histogram::decode(good.substr(0, size));
        if (!cut) ++refused;
        if (cut) CHECK(encoded(*cut) == good.substr(0, size));
    }
    CHECK(refused > 0);
    using namespace std::string_literals;
    for (const std::string& bytes :
         {"\x01"s, "\x02\x01\x01"s, "\x01\x00\x01"s, "\x01\x01\x00"s, "\x01\x01"s,
          "\x01\x81\x08\x01"s,                                  // Index 1024.
          "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01"s,  // More than 63 bits.
          "\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s,
          "\x01\x81\x00\x01"s}) {  // Not the shortest form.
        CAPTURE(bytes);
        CHECK_FALSE(Histogram::decode(bytes));
        Histogram sum = histogram_of({1, 2, 3});
        CHECK_FALSE(sum.merge_encoded(bytes));
        CHECK(sum == histogram_of({1, 2, 3}));
        HistogramSum many;
        CHECK_FALSE(many.add_encoded(bytes));
        CHECK(many.histogram().empty());
    }
    std::mt19937 random(9);
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes = good;
        bytes[random() % bytes.size()] = static_cast<char>(random());
        if (const auto read = Histogram::decode(bytes)) {
            CHECK(encoded(*read) == bytes);
            CHECK(read->quantile(0.5));
        }
    }
}

TEST_CASE("counts that would not fit stay at the largest one", "[stats]") {
    Histogram huge;
    huge.add(10, UINT64_MAX);
    huge.add(20, UINT64_MAX);
    Histogram twice = huge;
    twice.merge(huge);
    CHECK(twice == huge);
    CHECK(twice.count() == static_cast<std::uint64_t>(INT64_MAX));
    CHECK(Histogram::decode(encoded(twice)) == twice);
}

TEST_CASE("figures are mended like histograms", "[stats]") {
    Figures expected;
    Figures stored;
    expected.request_count = 7;
    stored.request_count = 10;
    stored.prompt_tokens = -5;
    Figures now = stored;
    now.request_count += 2;
    now.correct(expected, stored);
    CHECK(now.request_count == 9);
    CHECK(now.prompt_tokens == 0);
    CHECK_FALSE(now.empty());
    CHECK(Figures().empty());
}
