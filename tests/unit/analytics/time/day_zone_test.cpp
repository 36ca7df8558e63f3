// Days of time zones, over changes of clocks. The instants were worked out by hand from the zones'
// published rules.
#include "analytics/time/day_zone.hpp"

#include <catch2/catch.hpp>

using namespace ccproxy::analytics;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

DayZone zone(const char* name) {
    return DayZone::find(name).value();
}

}  // namespace

TEST_CASE("a day of UTC begins at midnight UTC", "[time]") {
    const DayZone utc = zone("UTC");
    CHECK(utc.name() == "UTC");
    CHECK(utc.day_of(0) == "1970-01-01");
    CHECK(utc.day_of(1'735'689'599'999) == "2024-12-31");
    CHECK(utc.day_of(1'735'689'600'000) == "2025-01-01");
    CHECK(utc.start_of("2025-01-01").value() == 1'735'689'600'000);
    CHECK(utc.day_of(1'709'164'800'000) == "2024-02-29");
}

TEST_CASE("a zone east of UTC is ahead", "[time]") {
    const DayZone shanghai = zone("Asia/Shanghai");
    CHECK(shanghai.day_of(1'735'689'600'000 - 8 * hour_ms) == "2025-01-01");
    CHECK(shanghai.day_of(1'735'689'600'000 - 8 * hour_ms - 1) == "2024-12-31");
    CHECK(shanghai.start_of("2025-01-01").value() == 1'735'689'600'000 - 8 * hour_ms);
}

TEST_CASE("days of 23 and of 25 hours", "[time]") {
    const DayZone berlin = zone("Europe/Berlin");
    const auto length = [&](const char* day, const char* next) {
        return berlin.start_of(next).value() - berlin.start_of(day).value();
    };
    CHECK(length("2025-03-30", "2025-03-31") == 23 * hour_ms);
    CHECK(length("2025-10-26", "2025-10-27") == 25 * hour_ms);
    CHECK(length("2025-07-01", "2025-07-02") == 24 * hour_ms);
    // The last instant of the long day, 2025-10-26T22:59:59.999Z.
    const std::int64_t next = berlin.start_of("2025-10-27").value();
    CHECK(next == 1'761'519'600'000);
    CHECK(berlin.day_of(next - 1) == "2025-10-26");
    CHECK(berlin.day_of(next) == "2025-10-27");
}

TEST_CASE("a day whose midnight is skipped begins with the change", "[time]") {
    // Beirut's clocks went from 00:00 to 01:00 on 2024-03-31, at 22:00Z of the day before.
    const DayZone beirut = zone("Asia/Beirut");
    const std::int64_t start = beirut.start_of("2024-03-31").value();
    CHECK(start == 1'711'836'000'000);
    CHECK(beirut.day_of(start) == "2024-03-31");
    CHECK(beirut.day_of(start - 1) == "2024-03-30");
}

TEST_CASE("a start and its day fit together for every day of years", "[time]") {
    const DayZone z = zone(GENERATE("UTC", "America/New_York", "Australia/Lord_Howe",
                                    "Pacific/Apia", "Asia/Kathmandu"));
    for (std::int64_t day = 15'000; day < 20'500; ++day) {
        const std::string date = z.day_of(day * 24 * hour_ms);
        const std::int64_t start = z.start_of(date).value();
        REQUIRE(z.day_of(start) == date);
        REQUIRE(z.day_of(start - 1) < date);
    }
}

TEST_CASE("what is no zone and what is no date is refused", "[time]") {
    CHECK_FALSE(DayZone::find("").has_value());
    CHECK_FALSE(DayZone::find("Mars/Olympus").has_value());
    CHECK_FALSE(DayZone::find("../../etc/passwd").has_value());
    const DayZone utc = zone("UTC");
    for (const char* text :
         {"", "2025-1-01", "2025-02-29", "2025-13-01", "2025-00-10", "1969-12-31", "2025-01-0x",
          "2025/01/01", "2025-01-01T", "-025-01-01"}) {
        INFO(text);
        CHECK_FALSE(utc.start_of(text).has_value());
    }
}
