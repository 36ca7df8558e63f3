#include "analytics/store/sqlite/roll_up_scan.hpp"

#include <algorithm>
#include <array>
namespace ccproxy::analytics {
namespace {

/// Beyond so many groups their rows are most of what is there.
constexpr std::size_t max_few_groups = 256;

constexpr ByDimension<const char*> columns_of_groups{
    {"token_id", "user_name", "account_id", "mode", "model"}};

std::string select(const RollUpTable& table, const std::string& columns) {
    return std::string("SELECT group_id, ") + table.period + (columns.empty() ? "" : ", ") +
           columns + " FROM " + table.name + " WHERE kind = ? AND " + table.period;
}

void add_days(std::int64_t from, std::int64_t to, std::vector<Segment>& segments) {
    if (from < to) segments.push_back({RollUpLevel::day, from, to, 0});
}

/// Those that are open by their days, all others in one piece where they follow each other.
void add_weeks(const SQLite::Database& database, std::int64_t from, std::int64_t to,
               std::vector<Segment>& segments) {
    RawStatement open(database,
                      "SELECT week FROM usage_open_weeks WHERE week >= ? AND week < ? "
                      "ORDER BY week");
    open.bind(1, from);
    open.bind(2, to);
    std::int64_t next = from;
    const auto add_closed = [&](std::int64_t end) {
        if (next < end) segments.push_back({RollUpLevel::week, next, end, 0});
    };
    while (open.step()) {
        const std::int64_t week = open.integer(0);
        add_closed(week);
        next = week + days_of_week;
        add_days(week, next, segments);
    }
    add_closed(to);
}

}  // namespace

std::vector<Segment> segments_of_days(const SQLite::Database& database, int kind, std::int64_t from,
                                      std::int64_t to, RollUpLevel coarsest) {
    if (from >= to) return {};
    std::vector<Segment> segments;
    const std::int64_t first_week = week_of(from + days_of_week - 1);
    const std::int64_t end_week = week_of(to);
    if (coarsest == RollUpLevel::week && has_weeks(kind) && first_week < end_week) {
        add_days(from, first_week, segments);
        add_weeks(database, first_week, end_week, segments);
        add_days(end_week, to, segments);
    } else {
        add_days(from, to, segments);
    }
    RawStatement hour(database,
                      "SELECT hour_at, day FROM usage_open_hours WHERE day >= ? AND day < ?");
    hour.bind(1, from);
    hour.bind(2, to);
    while (hour.step()) {
        const std::int64_t at = hour.integer(0);
        segments.push_back({RollUpLevel::hour, at, at + 1, hour.integer(1)});
    }
    return segments;
}

std::vector<Segment> segments_of(const SQLite::Database& database, const DayZone& zone, int kind,
                                 std::int64_t from_ms, std::int64_t to_ms, RollUpLevel coarsest) {
    if (from_ms >= to_ms) return {};
    if (coarsest == RollUpLevel::hour) return {{RollUpLevel::hour, from_ms, to_ms, 0}};
    std::int64_t first = zone.day_number(from_ms);
    std::int64_t end = zone.day_number(to_ms - 1) + 1;
    std::vector<Segment> edges;
    if (zone.start_of(first) < from_ms) {
        edges.push_back(
            {RollUpLevel::hour, from_ms, std::min(to_ms, zone.start_of(first + 1)), first});
        ++first;
    }
    if (first < end && zone.start_of(end) > to_ms) {
        --end;
        edges.push_back({RollUpLevel::hour, zone.start_of(end), to_ms, end});
    }
    std::vector<Segment> segments = segments_of_days(database, kind, first, end, coarsest);
    segments.insert(segments.end(), edges.begin(), edges.end());
    return segments;
}

std::optional<std::vector<std::int64_t>> few_groups(
    const SQLite::Database& database, int kind,
    const ByDimension<std::optional<std::string>>& filter) {
    std::string sql = "SELECT id FROM usage_groups WHERE kind = ?";
    std::vector<std::string_view> values;
    for (std::size_t i = 0; i < dimension_count; ++i) {
        const auto dimension = static_cast<Dimension>(i);
        if (!filter[dimension]) continue;
        sql.append(" AND ").append(columns_of_groups[dimension]).append(" = ?");
        values.push_back(*filter[dimension]);
    }
    if (kind == 0 && filter[Dimension::user] && !filter[Dimension::token]) {
        // Full groups are many, and their index begins with the token.
        sql +=
            " AND token_id IN (SELECT token_id FROM usage_groups WHERE kind = 1 AND "
            "user_name = ?)";
        values.push_back(*filter[Dimension::user]);
    }
    if (values.empty()) return std::nullopt;
    RawStatement row(database, sql + " LIMIT " + std::to_string(max_few_groups + 1));
    row.bind(1, kind);
    for (std::size_t i = 0; i < values.size(); ++i) {
        row.bind_text(static_cast<int>(i) + 2, values[i]);
    }
    std::vector<std::int64_t> ids;
    while (row.step()) ids.push_back(row.integer(0));
    if (ids.size() > max_few_groups) return std::nullopt;
    std::sort(ids.begin(), ids.end());
    return ids;
}

void RollUpScan::read(const Segment& segment, const std::string& columns,
                      const std::optional<std::vector<std::int64_t>>& groups,
                      const Take& take) const {
    if (groups) return look_up(segment, columns, *groups, take);
    const RollUpTable& table = roll_up_table(segment.level);
    RawStatement row(database_,
                     select(table, columns) + " >= ? AND " + std::string(table.period) + " < ?");
    row.bind(1, kind_);
    row.bind(2, segment.from);
    row.bind(3, segment.to);
    while (row.step()) take(row, row.integer(0), row.integer(1));
}

void RollUpScan::look_up(const Segment& segment, const std::string& columns,
                         const std::vector<std::int64_t>& groups, const Take& take) const {
    if (groups.empty()) return;
    RawStatement row(database_,
                     select(roll_up_table(segment.level), columns) + " = ? AND group_id = ?");
    row.bind(1, kind_);
    for (const std::int64_t period : periods(segment)) {
        row.bind(2, period);
        for (const std::int64_t group : groups) {
            row.bind(3, group);
            if (row.step()) take(row, group, period);
            row.reset();
        }
    }
}

std::int64_t RollUpScan::end_of_period(RollUpLevel level, std::int64_t period) const {
    if (level == RollUpLevel::hour) return zone_.hour_of(period).end_ms;
    return period + (level == RollUpLevel::week ? days_of_week : 1);
}

std::vector<std::int64_t> RollUpScan::periods(const Segment& segment) const {
    const RollUpTable& table = roll_up_table(segment.level);
    const auto edge = [&](const char* function) {
        return std::string("(SELECT ") + function + "(" + table.period + ") FROM " + table.name +
               " WHERE kind = ?1 AND " + table.period + " >= ?2 AND " + table.period + " < ?3)";
    };
    RawStatement edges(database_, "SELECT " + edge("min") + ", " + edge("max"));
    edges.bind(1, kind_);
    edges.bind(2, segment.from);
    edges.bind(3, segment.to);
    edges.step();
    std::vector<std::int64_t> periods;
    if (edges.is_null(0)) return periods;
    const std::int64_t last = edges.integer(1);
    for (std::int64_t next = edges.integer(0); next <= last;) {
        periods.push_back(next);
        next = end_of_period(segment.level, next);
    }
    return periods;
}

}  // namespace ccproxy::analytics
