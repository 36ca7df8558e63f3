#include "analytics/store/sqlite/log_spans.hpp"

#include <algorithm>
#include <limits>
#include <set>

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t days_a_read = 7;
const std::string match_columns = "request_count, success_count";

}  // namespace

ByDimension<std::optional<std::string>> dimensions_of(const LogFilter& filter) {
    ByDimension<std::optional<std::string>> values;
    values[Dimension::token] = filter.token_id;
    values[Dimension::user] = filter.user_name;
    values[Dimension::account] = filter.account_id;
    values[Dimension::mode] = filter.mode;
    values[Dimension::model] = filter.model;
    return values;
}

bool is_in_roll_ups(const LogFilter& filter) {
    const auto values = dimensions_of(filter);
    return filter.success || std::any_of(values.begin(), values.end(),
                                         [](const auto& value) { return value.has_value(); });
}

LogGroups groups_of(StatementCache& statements, const LogFilter& filter) {
    const auto values = dimensions_of(filter);
    ByDimension<bool> wanted{};
    for (std::size_t i = 0; i < dimension_count; ++i) {
        wanted[static_cast<Dimension>(i)] = values[static_cast<Dimension>(i)].has_value();
    }
    const int kind = smallest_kind(wanted);
    return {kind, few_groups(statements, kind, values)};
}

MatchingSpans::MatchingSpans(StatementCache& statements, const DayZone& zone,
                             const LogFilter& filter, const LogGroups& groups, Length length,
                             bool ascending)
    : statements_(statements),
      zone_(zone),
      filter_(filter),
      length_(length),
      ascending_(ascending),
      groups_(groups),
      scan_(statements, zone, groups.kind) {
    if (groups.few && groups.few->empty()) return;
    RawStatement edges(statements,
                       "SELECT min(first), max(last) FROM ("
                       "SELECT (SELECT min(day) FROM usage_daily WHERE kind = ?1) AS first, "
                       "(SELECT max(day) FROM usage_daily WHERE kind = ?1) AS last "
                       "UNION ALL SELECT day, day FROM usage_open_hours)");
    edges.bind(1, groups.kind);
    if (!edges.step() || edges.is_null(0)) return;
    first_day_ = edges.integer(0);
    end_day_ = edges.integer(1) + 1;
    if (filter.from_ms) first_day_ = std::max(first_day_, zone.day_number(*filter.from_ms));
    if (filter.to_ms) end_day_ = std::min(end_day_, zone.day_number(*filter.to_ms - 1) + 1);
}

bool MatchingSpans::fits(const RawStatement& row) const {
    const std::int64_t requests = row.integer(2);
    const std::int64_t successes = row.integer(3);
    if (!filter_.success) return requests != 0;
    return *filter_.success ? successes != 0 : requests != successes;
}

std::optional<TimeSpan> MatchingSpans::next() {
    while (spans_.empty()) {
        while (days_.empty()) {
            if (first_day_ >= end_day_) return std::nullopt;
            read_days();
        }
        take_day(days_.front());
        days_.pop_front();
    }
    const TimeSpan span = spans_.front();
    spans_.pop_front();
    return span;
}

void MatchingSpans::read_days() {
    std::int64_t from = first_day_;
    std::int64_t to = end_day_;
    if (ascending_) {
        first_day_ = to = std::min(to, from + days_a_read);
    } else {
        end_day_ = from = std::max(from, to - days_a_read);
    }
    std::set<std::int64_t> days;
    for (const Segment& segment :
         segments_of_days(statements_, groups_.kind, from, to, RollUpLevel::day)) {
        const bool is_day = segment.level == RollUpLevel::day;
        scan_.read(segment, match_columns, groups_.few,
                   [&](const RawStatement& row, std::int64_t, std::int64_t period) {
                       if (fits(row)) days.insert(is_day ? period : segment.day);
                   });
    }
    days_.assign(days.begin(), days.end());
    if (!ascending_) std::reverse(days_.begin(), days_.end());
}

void MatchingSpans::take_day(std::int64_t day) {
    const Segment segment{RollUpLevel::hour, zone_.start_of(day), zone_.start_of(day + 1), day};
    if (length_ == Length::days) {
        spans_.push_back({segment.from, segment.to});
        return;
    }
    bool has_hours = false;
    std::set<std::int64_t> hours;
    scan_.read(segment, match_columns, groups_.few,
               [&](const RawStatement& row, std::int64_t, std::int64_t hour) {
                   has_hours = true;
                   if (fits(row)) hours.insert(hour);
               });
    for (const std::int64_t hour : hours) spans_.push_back({hour, zone_.hour_of(hour).end_ms});
    if (!has_hours) spans_.push_back({segment.from, segment.to});
    if (!ascending_) std::reverse(spans_.begin(), spans_.end());
}

}  // namespace ccproxy::analytics
