#include "common/time_text.hpp"

#include <algorithm>
#include <chrono>

namespace ccproxy {
namespace {

using std::chrono::sys_days;

constexpr std::int64_t min_ms = -62'167'219'200'000;  // 0000-01-01T00:00:00.000Z
constexpr std::int64_t max_ms = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

/// Takes pieces of fixed form off the front of a text; once one does not fit, all fail.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    /// Exactly `digits` decimal digits.
    std::int64_t number(std::size_t digits) {
        const std::string_view text = rest_.substr(0, digits);
        rest_.remove_prefix(text.size());
        std::int64_t value = 0;
        bool all = text.size() == digits;
        for (const char c : text) {
            all &= c >= '0' && c <= '9';
            value = value * 10 + (c - '0');
        }
        good_ = good_ && all;
        return good_ ? value : 0;
    }
    /// One character out of `allowed`.
    char one_of(std::string_view allowed) {
        for (const char c : allowed) {
            if (next_is(c)) return take();
        }
        good_ = false;
        return '\0';
    }
    /// Any number of digits but none, of a fraction of a second.
    std::int64_t fraction_ms() {
        std::int64_t value = digit() * 100;
        for (std::int64_t weight = 10; next_is_digit(); weight /= 10) value += digit() * weight;
        return value;
    }
    [[nodiscard]] bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }
    [[nodiscard]] bool at_end() const { return good_ && rest_.empty(); }

  private:
    char take() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }
    [[nodiscard]] bool next_is_digit() const {
        return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
    }
    std::int64_t digit() {
        if (!next_is_digit()) {
            good_ = false;
            return 0;
        }
        return take() - '0';
    }

    std::string_view rest_;
    bool good_ = true;
};

/// The day at the front of the text; nullopt when the calendar has no such day.
std::optional<std::int64_t> scan_day(Scanner& scanner) {
    const auto year = static_cast<int>(scanner.number(4));
    scanner.one_of("-");
    const auto month = static_cast<unsigned>(scanner.number(2));
    scanner.one_of("-");
    const auto day = static_cast<unsigned>(scanner.number(2));
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(day)};
    if (!date.ok()) return std::nullopt;
    return sys_days(date).time_since_epoch().count() * day_ms;
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
    Scanner scanner(text);
    const std::optional<std::int64_t> day = scan_day(scanner);
    scanner.one_of("Tt");
    const std::int64_t hour = scanner.number(2);
    scanner.one_of(":");
    const std::int64_t minute = scanner.number(2);
    scanner.one_of(":");
    const std::int64_t second = scanner.number(2);
    std::int64_t ms = 0;
    if (scanner.next_is('.')) {
        scanner.one_of(".");
        ms = scanner.fraction_ms();
    }
    const char sign = scanner.one_of("Zz+- ");
    std::int64_t offset_minutes = 0;
    if (sign != 'Z' && sign != 'z') {
        const std::int64_t hours = scanner.number(2);
        scanner.one_of(":");
        const std::int64_t minutes = scanner.number(2);
        if (hours > 23 || minutes > 59) return std::nullopt;
        offset_minutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
    }
    // A leap second (60) counts as the first of the next minute, as Unix time has it.
    if (!scanner.at_end() || !day || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return *day + ((hour * 60 + minute - offset_minutes) * 60 + second) * 1000 + ms;
}

std::optional<std::int64_t> parse_day(std::string_view text) {
    Scanner scanner(text);
    const std::optional<std::int64_t> day = scan_day(scanner);
    return scanner.at_end() ? day : std::nullopt;
}

}  // namespace ccproxy
