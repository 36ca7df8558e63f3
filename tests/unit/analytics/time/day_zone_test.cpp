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

TEST_CASE("hours are those of local clocks", "[time]") {
    const auto hour = [](const char* name, std::int64_t unix_ms) {
        const LocalHour found = zone(name).hour_of(unix_ms);
        return std::pair(found.start_ms, found.end_ms);
    };
    constexpr std::int64_t noon = 1'735'732'800'000;  // 2025-01-01T12:00:00Z
    CHECK(hour("UTC", noon) == std::pair(noon, noon + hour_ms));
    CHECK(hour("UTC", noon - 1) == std::pair(noon - hour_ms, noon));
    // 17:45 there, so that an hour began 45 minutes before.
    CHECK(hour("Asia/Kathmandu", noon) == std::pair(noon - hour_ms * 3 / 4, noon + hour_ms / 4));
    // 02:00 became 01:30 on 2025-04-06 at 15:00Z: the second 01:30 to 02:00 stands for itself.
    constexpr std::int64_t change = 1'743'865'200'000;
    CHECK(hour("Australia/Lord_Howe", change - 1) == std::pair(change - hour_ms, change));
    CHECK(hour("Australia/Lord_Howe", change) == std::pair(change, change + hour_ms / 2));
    // Berlin's hour from 2 to 3 comes twice on 2025-10-26.
    constexpr std::int64_t back = 1'761'440'400'000;
    CHECK(hour("Europe/Berlin", back - 1) == std::pair(back - hour_ms, back));
    CHECK(hour("Europe/Berlin", back) == std::pair(back, back + hour_ms));
}

TEST_CASE("days are runs of whole hours, without gaps", "[time]") {
    // St John's set its clocks back at one minute past midnight until 2011.
    const DayZone z = zone(GENERATE("Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut",
                                    "America/St_Johns", "America/Havana", "Pacific/Apia"));
    CAPTURE(z.name());
    std::int64_t at = z.start_of("2010-10-01").value();
    std::int64_t day = z.day_number(at);
    const std::int64_t end = z.start_of("2012-04-01").value();
    while (at < end) {
        const LocalHour hour = z.hour_of(at);
        REQUIRE(hour.start_ms == at);
        REQUIRE(hour.end_ms > at);
        REQUIRE(hour.holds(at));
        REQUIRE(z.hour_of(hour.end_ms - 1).start_ms == at);
        if (hour.day != day) {
            // Apia left out a day.
            REQUIRE(hour.day - day ==
                    (day_text(day) == "2011-12-29" && z.name() == "Pacific/Apia" ? 2 : 1));
            REQUIRE(z.start_of(hour.day) == at);
            day = hour.day;
        }
        at = hour.end_ms;
    }
}

TEST_CASE("days have numbers", "[time]") {
    CHECK(day_text(0) == "1970-01-01");
    CHECK(day_text(-1) == "1969-12-31");
    CHECK(day_text(20'454) == "2026-01-01");
    CHECK(parse_day_number("2026-01-01").value() == 20'454);
    CHECK(zone("UTC").day_number(-1) == -1);
    CHECK_FALSE(parse_day_number("2026-02-29").has_value());
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
