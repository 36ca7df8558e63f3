#include "common/time_text.hpp"

#include <algorithm>
#include <chrono>

namespace ccproxy {
namespace {

using std::chrono::sys_days;

constexpr std::int64_t min_ms = -62'167'219'200'000;  // 0000-01-01T00:00:00.000Z
constexpr std::int64_t max_ms = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

// Forms of texts, in which 0 stands for any digit.
constexpr std::string_view day_form = "0000-00-00";
constexpr std::string_view clock_form = "00:00:00";
constexpr std::string_view offset_form = "00:00";

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool has_form(std::string_view text, std::string_view form) {
    if (text.size() != form.size()) return false;
    for (std::size_t i = 0; i < form.size(); ++i) {
        if (form[i] == '0' ? !is_digit(text[i]) : text[i] != form[i]) return false;
    }
    return true;
}

/// Of digits alone.
unsigned number(std::string_view digits) {
    unsigned value = 0;
    for (const char c : digits) value = value * 10 + static_cast<unsigned>(c - '0');
    return value;
}

/// nullopt when this is no day, or the calendar has no such day.
std::optional<std::int64_t> read_day(std::string_view text) {
    if (!has_form(text, day_form)) return std::nullopt;
    const std::chrono::year_month_day date{
        std::chrono::year(static_cast<int>(number(text.substr(0, 4)))),
        std::chrono::month(number(text.substr(5, 2))), std::chrono::day(number(text.substr(8, 2)))};
    if (!date.ok()) return std::nullopt;
    return sys_days(date).time_since_epoch().count() * day_ms;
}

/// The time of day that `hh:mm:ss` is.
std::optional<std::int64_t> read_clock_ms(std::string_view text) {
    if (!has_form(text, clock_form)) return std::nullopt;
    const unsigned hour = number(text.substr(0, 2));
    const unsigned minute = number(text.substr(3, 2));
    const unsigned second = number(text.substr(6, 2));
    // A leap second (60) counts as the first of the next minute, as Unix time has it.
    if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return ((hour * 60 + minute) * 60 + second) * 1000;
}

/// Takes the fraction of a second off the front of what follows a time; none is 0. nullopt when
/// there is a point without digits.
std::optional<std::int64_t> take_fraction_ms(std::string_view& rest) {
    if (!rest.starts_with('.')) return 0;
    std::size_t at = 1;
    std::int64_t value = 0;
    for (std::int64_t weight = 100; at < rest.size() && is_digit(rest[at]); ++at) {
        value += (rest[at] - '0') * weight;
        weight /= 10;
    }
    if (at == 1) return std::nullopt;
    rest.remove_prefix(at);
    return value;
}

/// How far a zone is ahead of UTC: `Z`, `+hh:mm` or `-hh:mm`, where a space stands for the plus.
std::optional<std::int64_t> read_offset_ms(std::string_view zone) {
    if (zone == "Z" || zone == "z") return 0;
    if (zone.empty()) return std::nullopt;
    const char sign = zone.front();
    zone.remove_prefix(1);
    if ((sign != '+' && sign != ' ' && sign != '-') || !has_form(zone, offset_form)) {
        return std::nullopt;
    }
    const std::int64_t hours = number(zone.substr(0, 2));
    const std::int64_t minutes = number(zone.substr(3, 2));
    if (hours > 23 || minutes > 59) return std::nullopt;
    return (sign == '-' ? -1 : 1) * (hours * 60 + minutes) * 60'000;
}

/// `value` with leading zeros. Values have no more than that many digits.
void append_padded(std::string& text, std::int64_t value, std::size_t digits) {
    const std::size_t end = text.size() + digits;
    text.append(digits, '0');
    for (std::size_t at = end; value > 0; value /= 10) {
        text[--at] = static_cast<char>('0' + value % 10);
    }
}

}  // namespace

std::string format_time(std::int64_t unix_ms) {
    std::string text;
    TimeWriter().append(text, unix_ms);
    return text;
}

void TimeWriter::append(std::string& text, std::int64_t unix_ms) {
    const std::chrono::milliseconds shown(std::clamp(unix_ms, min_ms, max_ms));
    const auto days = std::chrono::floor<std::chrono::days>(shown);
    if (date_.empty() || day_ != days.count()) {
        const std::chrono::year_month_day date{sys_days(days)};
        day_ = days.count();
        date_.clear();
        append_padded(date_, static_cast<int>(date.year()), 4);
        date_.push_back('-');
        append_padded(date_, static_cast<unsigned>(date.month()), 2);
        date_.push_back('-');
        append_padded(date_, static_cast<unsigned>(date.day()), 2);
        date_.push_back('T');
    }
    const std::int64_t ms = (shown - days).count();
    text.append(date_);
    append_padded(text, ms / 3'600'000, 2);
    text.push_back(':');
    append_padded(text, ms / 60'000 % 60, 2);
    text.push_back(':');
    append_padded(text, ms / 1000 % 60, 2);
    text.push_back('.');
    append_padded(text, ms % 1000, 3);
    text.push_back('Z');
}

std::optional<std::int64_t> parse_time(std::string_view text) {
    static constexpr std::size_t clock_at = day_form.size() + 1;
    static constexpr std::size_t rest_at = clock_at + clock_form.size();
    if (text.size() <= rest_at || (text[clock_at - 1] != 'T' && text[clock_at - 1] != 't')) {
        return std::nullopt;
    }
    const std::optional<std::int64_t> day = read_day(text.substr(0, day_form.size()));
    const std::optional<std::int64_t> clock_ms =
        read_clock_ms(text.substr(clock_at, clock_form.size()));
    std::string_view rest = text.substr(rest_at);
    const std::optional<std::int64_t> fraction_ms = take_fraction_ms(rest);
    const std::optional<std::int64_t> offset_ms = read_offset_ms(rest);
    if (!day || !clock_ms || !fraction_ms || !offset_ms) return std::nullopt;
    return *day + *clock_ms + *fraction_ms - *offset_ms;
}

std::optional<std::int64_t> parse_day(std::string_view text) {
    return read_day(text);
}

}  // namespace ccproxy
