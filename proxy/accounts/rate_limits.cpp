#include "proxy/accounts/rate_limits.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "common/time_text.hpp"

namespace ccproxy::accounts {
namespace {

constexpr std::string_view prefix = "anthropic-ratelimit-";
constexpr std::string_view unified = "unified";
constexpr std::int64_t minute_ms = 60'000;
/// Beyond the year 9999 nothing is meant.
constexpr std::int64_t max_unix_seconds = 253'402'300'799;

constexpr std::array<std::string_view, limit_kinds> names{
    "requests",   "tokens",     "input-tokens", "output-tokens",
    "unified-5h", "unified-7d", "unified-7d_oi"};

std::optional<std::int64_t> whole_number(std::string_view text) {
    static constexpr std::size_t max_digits = 19;  // Fit into 64 bits without a sign.
    if (text.empty() || text.size() > max_digits) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (value > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return static_cast<std::int64_t>(value);
}

std::optional<double> fraction(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (!std::isfinite(value) || value < 0) return std::nullopt;
    return value;
}

/// RFC 3339, or seconds since 1970.
std::optional<std::int64_t> moment(std::string_view text) {
    if (const auto time_ms = parse_time(text)) return time_ms;
    const auto seconds = whole_number(text);
    if (!seconds || *seconds > max_unix_seconds) return std::nullopt;
    return *seconds * 1000;
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7), as the RFC 3339 it stands for.
std::optional<std::int64_t> http_date(std::string_view text) {
    static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() != 29 || text.substr(25) != " GMT") return std::nullopt;
    const std::size_t month = months.find(text.substr(8, 3));
    if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
    const std::string number = std::to_string(month / 3 + 101).substr(1);
    const std::string day(text.substr(5, 2));
    return parse_time(std::string(text.substr(12, 4)) + "-" + number + "-" + day + "T" +
                      std::string(text.substr(17, 8)) + "Z");
}

std::optional<std::int64_t> retry_after_ms(std::string_view text, std::int64_t now_ms) {
    if (const auto seconds = fraction(text)) {
        return static_cast<std::int64_t>(std::min(*seconds * 1000, double{max_pause_ms}));
    }
    const auto date = http_date(text);
    if (!date) return std::nullopt;
    return std::clamp<std::int64_t>(*date - now_ms, 0, max_pause_ms);
}

UnifiedStatus unified_status(std::string_view text) {
    if (text == "allowed") return UnifiedStatus::allowed;
    if (text == "allowed_warning") return UnifiedStatus::allowed_warning;
    if (text == "rejected" || text == "rate_limited") return UnifiedStatus::rejected;
    return UnifiedStatus::unknown;
}

/// Takes an ending off a name that has it.
bool take_off(std::string_view& name, std::string_view ending) {
    if (!name.ends_with(ending)) return false;
    name.remove_suffix(ending.size());
    return true;
}

/// The limit of that name; nullptr when it is not known.
Limit* find_limit(std::string_view name, RateLimits& told) {
    const auto* const found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return nullptr;
    return &told.limits[static_cast<std::size_t>(found - names.begin())];
}

/// `name` without the prefix.
void read_field(std::string_view name, std::string_view value, RateLimits& told) {
    if (take_off(name, "-limit")) {
        if (Limit* limit = find_limit(name, told)) limit->limit = whole_number(value);
    } else if (take_off(name, "-remaining")) {
        if (Limit* limit = find_limit(name, told)) limit->remaining = whole_number(value);
    } else if (take_off(name, "-reset")) {
        if (name == unified) told.unified_reset_at_ms = moment(value);
        if (Limit* limit = find_limit(name, told)) limit->reset_at_ms = moment(value);
    } else if (take_off(name, "-utilization")) {
        if (Limit* limit = find_limit(name, told)) limit->used = fraction(value);
    } else if (take_off(name, "-status")) {
        const UnifiedStatus status = unified_status(value);
        if (name == unified) told.unified = status;
        if (Limit* limit = find_limit(name, told)) {
            limit->judged = true;
            limit->rejected = status == UnifiedStatus::rejected;
        }
    }
}

const Limit& of(const RateLimits& told, LimitKind kind) {
    return told.limits[static_cast<std::size_t>(kind)];
}

/// Until `at_ms`, where that is ahead.
std::int64_t time_to(const std::optional<std::int64_t>& at_ms, std::int64_t now_ms) {
    return at_ms ? std::clamp<std::int64_t>(*at_ms - now_ms, 0, max_pause_ms) : 0;
}

}  // namespace

std::string_view to_string(LimitKind kind) {
    return names[static_cast<std::size_t>(kind)];
}

std::string_view to_string(UnifiedStatus status) {
    switch (status) {
        case UnifiedStatus::unknown:
            return "";
        case UnifiedStatus::allowed:
            return "allowed";
        case UnifiedStatus::allowed_warning:
            return "allowed_warning";
        case UnifiedStatus::rejected:
            return "rejected";
    }
    return "";
}

bool RateLimits::tells_limits() const {
    return unified != UnifiedStatus::unknown ||
           std::any_of(limits.begin(), limits.end(),
                       [](const Limit& limit) { return limit.is_known() || limit.rejected; });
}

RateLimits read_rate_limits(const http1::Fields& fields, std::int64_t now_ms) {
    RateLimits told;
    for (const auto& [name, value] : fields) {
        if (name.starts_with(prefix)) read_field(name.substr(prefix.size()), value, told);
    }
    const std::string_view retry_after = fields.get("retry-after");
    if (!retry_after.empty()) told.retry_after_ms = retry_after_ms(retry_after, now_ms);
    if (const auto exact_ms = whole_number(fields.get("retry-after-ms"))) {
        told.retry_after_ms = std::min(*exact_ms, max_pause_ms);
    }
    const std::string_view should_retry = fields.get("x-should-retry");
    if (should_retry == "true") told.should_retry = true;
    if (should_retry == "false") told.should_retry = false;
    return told;
}

bool is_about_all_models(const RateLimits& told) {
    if (told.unified != UnifiedStatus::rejected) return false;
    const Limit& five_hours = of(told, LimitKind::five_hours);
    const Limit& week = of(told, LimitKind::week);
    if (five_hours.rejected || week.rejected) return true;
    // Rejected, and yet neither of the windows that all models share is to blame.
    return !five_hours.judged && !week.judged && !of(told, LimitKind::week_models).judged;
}

std::optional<std::int64_t> pause_after_refusal(const RateLimits& told, std::int64_t now_ms) {
    if (told.retry_after_ms) return told.retry_after_ms;
    std::int64_t pause_ms = 0;
    for (const Limit& limit : told.limits) {
        if (limit.is_used_up()) pause_ms = std::max(pause_ms, time_to(limit.reset_at_ms, now_ms));
    }
    if (pause_ms == 0 && told.unified == UnifiedStatus::rejected) {
        pause_ms = time_to(told.unified_reset_at_ms, now_ms);
    }
    return pause_ms > 0 ? std::optional(pause_ms) : std::nullopt;
}

std::int64_t spare_for(const RateLimits& told, std::int64_t now_ms) {
    std::int64_t spare_ms = 0;
    for (std::size_t i = 0; i < limit_kinds; ++i) {
        const auto kind = static_cast<LimitKind>(i);
        const Limit& limit = told.limits[i];
        if (kind == LimitKind::week_models || !limit.is_used_up()) continue;
        const bool refills = kind < LimitKind::five_hours;
        const std::int64_t reset_ms = time_to(limit.reset_at_ms, now_ms);
        spare_ms = std::max(spare_ms, refills ? std::min(reset_ms, minute_ms) : reset_ms);
    }
    return spare_ms;
}

}  // namespace ccproxy::accounts
