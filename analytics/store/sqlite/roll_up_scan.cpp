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

}  // namespace

std::vector<Segment> segments_of(const DayZone& zone, std::int64_t from_ms, std::int64_t to_ms,
                                 bool hours) {
    if (from_ms >= to_ms) return {};
    if (hours) return {{true, from_ms, to_ms, 0}};
    std::int64_t first = zone.day_number(from_ms);
    std::int64_t end = zone.day_number(to_ms - 1) + 1;
    std::vector<Segment> segments;
    if (zone.start_of(first) < from_ms) {
        segments.push_back({true, from_ms, std::min(to_ms, zone.start_of(first + 1)), first});
        ++first;
    }
    const bool cut = first < end && zone.start_of(end) > to_ms;
    if (cut) --end;
    if (first < end) segments.push_back({false, first, end, 0});
    if (cut) segments.push_back({true, zone.start_of(end), to_ms, end});
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
    const RollUpTable& table = roll_up_table(segment.hourly);
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
                     select(roll_up_table(segment.hourly), columns) + " = ? AND group_id = ?");
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

std::vector<std::int64_t> RollUpScan::periods(const Segment& segment) const {
    const RollUpTable& table = roll_up_table(segment.hourly);
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
        next = segment.hourly ? zone_.hour_of(next).end_ms : next + 1;
    }
    return periods;
}

}  // namespace ccproxy::analytics
