#include "analytics/time/day_zone.hpp"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace ccproxy::analytics {
namespace {

/// The number that text[at, at + size) spells in digits alone; -1 when it does not.
int digits(std::string_view text, std::size_t at, std::size_t size) {
    int value = 0;
    for (const char c : text.substr(at, size)) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

}  // namespace

Result<DayZone> DayZone::find(const std::string& name) {
    try {
        return DayZone(name, date::locate_zone(name));
    } catch (const std::runtime_error&) {
        return Error{"\"" + name +
                     "\" is not a time zone known here, such as UTC or Asia/Shanghai"};
    }
}

LocalHour DayZone::hour_of(std::int64_t unix_ms) const {
    using std::chrono::milliseconds;
    const date::sys_time<milliseconds> instant{milliseconds(unix_ms)};
    const date::sys_info regime = zone_->get_info(instant);
    const milliseconds offset = regime.offset;
    const milliseconds local = instant.time_since_epoch() + offset;
    const auto hour = date::floor<std::chrono::hours>(local);
    const auto ms = [](auto duration) {
        return std::chrono::duration_cast<milliseconds>(duration).count();
    };
    LocalHour result;
    result.start_ms = std::max(ms(hour - offset), ms(regime.begin.time_since_epoch()));
    result.end_ms =
        std::min(ms(hour - offset + std::chrono::hours(1)), ms(regime.end.time_since_epoch()));
    result.day = date::floor<date::days>(local).count();
    if (start_of(result.day + 1) <= result.start_ms) ++result.day;
    return result;
}

std::int64_t DayZone::day_number(std::int64_t unix_ms) const {
    return hour_of(unix_ms).day;
}

std::string DayZone::day_of(std::int64_t unix_ms) const {
    return day_text(day_number(unix_ms));
}

std::int64_t DayZone::start_of(std::int64_t day_number) const {
    const date::local_days midnight{date::days(day_number)};
    const auto instant = zone_->to_sys(midnight, date::choose::earliest);
    return std::chrono::duration_cast<std::chrono::milliseconds>(instant.time_since_epoch())
        .count();
}

Result<std::int64_t> DayZone::start_of(std::string_view text) const {
    const Result<std::int64_t> day = parse_day_number(text);
    if (!day) return day.error();
    return start_of(*day);
}

std::string day_text(std::int64_t day_number) {
    const date::year_month_day day{date::sys_days(date::days(day_number))};
    std::array<char, 32> text{};
    const int size =
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                      static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    return {text.data(), static_cast<std::size_t>(size)};
}

Result<std::int64_t> parse_day_number(std::string_view text) {
    const Error error{"must be a date such as 2025-01-31"};
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return error;
    const int year = digits(text, 0, 4);
    const int month = digits(text, 5, 2);
    const int day = digits(text, 8, 2);
    if (year < 1970 || month < 1 || day < 1) return error;
    const date::year_month_day date{date::year(year), date::month(static_cast<unsigned>(month)),
                                    date::day(static_cast<unsigned>(day))};
    if (!date.ok()) return error;
    return date::sys_days(date).time_since_epoch().count();
}

}  // namespace ccproxy::analytics
