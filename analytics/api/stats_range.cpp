#include "analytics/api/stats_range.hpp"

#include "common/time_text.hpp"

namespace ccproxy::analytics {
namespace {

constexpr const char* malformed = "must be a date (YYYY-MM-DD) or an RFC 3339 time";

/// Times that a zone can be asked about without a thought: the years 1970 to 9999.
constexpr std::int64_t max_time_ms = 253'402'300'799'999;

struct Bounds {
    std::int64_t from_ms, to_ms;
};

/// What `from_date` or `to_date` says, as the first moment after and before it; both of an hour, or
/// of a day.
std::optional<Bounds> read_bounds(Params& params, const std::string& name, const DayZone& zone) {
    const std::optional<std::string> text = params.text(name);
    if (!text) return std::nullopt;
    if (const Result<std::int64_t> day = parse_day_number(*text)) {
        return Bounds{zone.start_of(*day), zone.start_of(*day + 1)};
    }
    const std::optional<std::int64_t> moment = parse_time(*text);
    if (!moment || *moment < 0 || *moment > max_time_ms) {
        params.fail(name, malformed);
        return std::nullopt;
    }
    const LocalHour hour = zone.hour_of(*moment);
    return Bounds{hour.start_ms, *moment == hour.start_ms ? hour.start_ms : hour.end_ms};
}

}  // namespace

StatsRange read_range(Params& params, const DayZone& zone, std::int64_t now_ms,
                      std::int64_t default_days) {
    const auto days = params.integer("days", 1, max_stats_days);
    const auto from = read_bounds(params, "from_date", zone);
    const auto to = read_bounds(params, "to_date", zone);
    if (days && (from || to)) {
        params.fail("days", "cannot be given together with from_date or to_date");
    }
    StatsRange range;
    range.to_ms = to ? to->to_ms : zone.start_of(zone.day_number(now_ms) + 1);
    const std::int64_t last_day = zone.day_number(range.to_ms - 1);
    range.from_ms =
        from ? from->from_ms : zone.start_of(last_day + 1 - days.value_or(default_days));
    if (range.from_ms >= range.to_ms) {
        params.fail("from_date", to ? "must be before to_date" : "must not be after today");
        return {};
    }
    range.days = last_day + 1 - zone.day_number(range.from_ms);
    if (range.days > max_stats_days) {
        params.fail("from_date", "must not be more than " + std::to_string(max_stats_days) +
                                     " days before the end of the range");
        return {};
    }
    return range;
}

void write_range(JsonText& json, const StatsRange& range, const DayZone& zone) {
    json.time("from", range.from_ms);
    json.time("to", range.to_ms);
    json.text("timezone", zone.name());
}

}  // namespace ccproxy::analytics
