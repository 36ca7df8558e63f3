#include "analytics/store/sqlite/roll_up_scan.hpp"

#include <algorithm>
#include <array>
namespace ccproxy::analytics {
namespace {

/// Beyond so many groups their rows are most of what is there.
constexpr std::size_t max_few_groups = 256;

/// So many rows are scanned in the time of one look-up.
constexpr std::size_t scanned_in_a_lookup = 8;
/// Fewer are always looked up.
constexpr std::size_t min_many_groups = 16;

constexpr ByDimension<const char*> columns_of_groups{
    {"token_id", "user_name", "account_id", "mode", "model"}};

/// The kind is no parameter, so that the indexes of one kind can be used.
std::string select(RollUpLevel level, int kind, const std::string& columns) {
    const RollUpTable& table = roll_up_table(level);
    const bool has_sums_apart = kind == kind_of_users && level != RollUpLevel::hour &&
                                columns.find(histogram_columns) == std::string::npos;
    return std::string("SELECT group_id, ") + table.period + (columns.empty() ? "" : ", ") +
           columns + " FROM " + table.name +
           (has_sums_apart ? std::string(" INDEXED BY ") + table.name + "_sums" : "") +
           " WHERE kind = " + std::to_string(kind) + " AND " + table.period;
}

void add_days(std::int64_t from, std::int64_t to, std::vector<Segment>& segments) {
    if (from < to) segments.push_back({RollUpLevel::day, from, to, 0});
}

/// Those that are open by their days, all others in one piece where they follow each other.
void add_weeks(StatementCache& statements, std::int64_t from, std::int64_t to,
               std::vector<Segment>& segments) {
    RawStatement open(statements,
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

std::vector<Segment> segments_of_days(StatementCache& statements, int kind, std::int64_t from,
                                      std::int64_t to, RollUpLevel coarsest) {
    if (from >= to) return {};
    std::vector<Segment> segments;
    const std::int64_t first_week = week_of(from + days_of_week - 1);
    const std::int64_t end_week = week_of(to);
    if (coarsest == RollUpLevel::week && has_weeks(kind) && first_week < end_week) {
        add_days(from, first_week, segments);
        add_weeks(statements, first_week, end_week, segments);
        add_days(end_week, to, segments);
    } else {
        add_days(from, to, segments);
    }
    RawStatement hour(statements,
                      "SELECT hour_at, day FROM usage_open_hours WHERE day >= ? AND day < ?");
    hour.bind(1, from);
    hour.bind(2, to);
    while (hour.step()) {
        const std::int64_t at = hour.integer(0);
        segments.push_back({RollUpLevel::hour, at, at + 1, hour.integer(1)});
    }
    return segments;
}

std::vector<Segment> segments_of(StatementCache& statements, const DayZone& zone, int kind,
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
    std::vector<Segment> segments = segments_of_days(statements, kind, first, end, coarsest);
    segments.insert(segments.end(), edges.begin(), edges.end());
    return segments;
}

std::optional<std::vector<std::int64_t>> few_groups(
    StatementCache& statements, int kind, const ByDimension<std::optional<std::string>>& filter) {
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
    RawStatement row(statements, sql + " LIMIT " + std::to_string(max_few_groups + 1));
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
    if (groups && !are_most_rows(segment, *groups)) return look_up(segment, columns, *groups, take);
    RawStatement row(statements_, select(segment.level, kind_, columns) + " >= ? AND " +
                                      roll_up_table(segment.level).period + " < ?");
    row.bind(1, segment.from);
    row.bind(2, segment.to);
    while (row.step()) {
        const std::int64_t group = row.integer(0);
        if (groups && !std::binary_search(groups->begin(), groups->end(), group)) continue;
        take(row, group, row.integer(1));
    }
}

bool RollUpScan::are_most_rows(const Segment& segment,
                               const std::vector<std::int64_t>& groups) const {
    if (groups.size() < min_many_groups) return false;
    const RollUpTable& table = roll_up_table(segment.level);
    const std::string of_kind = std::string(" FROM ") + table.name + " WHERE kind = ?1 AND ";
    const std::string period = table.period;
    RawStatement rows(statements_, "SELECT count(*) FROM (SELECT 1" + of_kind + period +
                                       " = (SELECT max(" + period + ")" + of_kind + period +
                                       " >= ?2 AND " + period + " < ?3) LIMIT ?4)");
    const auto limit = static_cast<std::int64_t>(groups.size() * scanned_in_a_lookup);
    rows.bind(1, kind_);
    rows.bind(2, segment.from);
    rows.bind(3, segment.to);
    rows.bind(4, limit);
    rows.step();
    return rows.integer(0) < limit;
}

void RollUpScan::look_up(const Segment& segment, const std::string& columns,
                         const std::vector<std::int64_t>& groups, const Take& take) const {
    if (groups.empty()) return;
    RawStatement row(statements_, select(segment.level, kind_, columns) + " = ? AND group_id = ?");
    for (const std::int64_t period : periods(segment)) {
        row.bind(1, period);
        for (const std::int64_t group : groups) {
            row.bind(2, group);
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
    RawStatement edges(statements_, "SELECT " + edge("min") + ", " + edge("max"));
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
