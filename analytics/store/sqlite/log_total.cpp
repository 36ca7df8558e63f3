#include "analytics/store/sqlite/log_total.hpp"

#include <algorithm>
#include <limits>

#include "analytics/store/sqlite/log_path.hpp"
#include "analytics/store/sqlite/meta.hpp"

namespace ccproxy::analytics {
namespace {

/// Some milliseconds.
constexpr std::int64_t max_looked_at = 10'000;
/// Lookups in the roll-ups of full groups; each takes a microsecond.
constexpr std::int64_t max_lookups = 4'000;
constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();

bool has_no_condition(const LogFilter& filter) {
    return !is_in_roll_ups(filter) && !filter.conversation_id && !filter.status_code &&
           !filter.from_ms && !filter.to_ms;
}

/// Counts among the logs of a range that come first; exact when they are all.
LogTotal look(StatementCache& statements, const LogFilter& filter, std::int64_t from_ms,
              std::int64_t to_ms) {
    if (from_ms >= to_ms) return {};
    LogPath path = path_of(statements, filter);
    Conditions& narrow = path.conditions;
    narrow.add("request_at >= ?", {from_ms});
    narrow.add("request_at < ?", {to_ms});
    LogFilter rest = filter;
    // Said by the path already, and not a column of its index.
    if (path.is_covering) rest.success.reset();
    Conditions fits;
    add_filter(rest, Narrowing::none, fits);
    SQLite::Statement row(statements.database(),
                          "SELECT count(*), ifnull(sum(fits), 0) FROM (SELECT " +
                              (fits.empty() ? std::string("1") : fits.expression()) +
                              " AS fits FROM request_logs INDEXED BY " + path.index + narrow.sql() +
                              (path.in_order ? " ORDER BY request_at DESC" : "") + " LIMIT " +
                              std::to_string(max_looked_at + 1) + ")");
    narrow.bind(row, fits.bind(row));
    row.executeStep();
    return {row.getColumn(1).getInt64(), row.getColumn(0).getInt64() <= max_looked_at};
}

/// Nothing when reading the roll-ups would take long.
std::optional<std::int64_t> sum_roll_ups(StatementCache& statements, const DayZone& zone,
                                         const LogFilter& filter, const LogGroups& groups,
                                         std::int64_t from_ms, std::int64_t to_ms) {
    const auto& [kind, few] = groups;
    // Then some of the rows of the kind fit, and all of them are not few.
    const auto values = dimensions_of(filter);
    const bool has_dimension = std::any_of(values.begin(), values.end(),
                                           [](const auto& value) { return value.has_value(); });
    if (has_dimension && !few) return std::nullopt;
    const auto segments = segments_of(statements, zone, kind, from_ms, to_ms, RollUpLevel::week);
    if (kind == 0) {
        std::int64_t periods = 0;
        for (const Segment& segment : segments) {
            periods += segment.level == RollUpLevel::hour ? 24 : segment.to - segment.from;
        }
        const auto lookups = periods * static_cast<std::int64_t>(few->size());
        if (lookups > max_lookups) return std::nullopt;
    }
    const RollUpScan scan(statements, zone, kind);
    std::int64_t requests = 0;
    std::int64_t successes = 0;
    for (const Segment& segment : segments) {
        scan.read(segment, "request_count, success_count", few,
                  [&](const RawStatement& row, std::int64_t, std::int64_t) {
                      requests += row.integer(2);
                      successes += row.integer(3);
                  });
    }
    if (!filter.success) return requests;
    return *filter.success ? successes : requests - successes;
}

}  // namespace

LogTotal count_logs(StatementCache& statements, const DayZone& zone, const LogFilter& filter,
                    const LogGroups& groups) {
    const SQLite::Database& database = statements.database();
    if (has_no_condition(filter)) {
        return {read_integer(database, "SELECT value FROM counters WHERE name = 'request_logs'")};
    }
    const std::int64_t from_ms = filter.from_ms.value_or(0);
    const std::int64_t to_ms = filter.to_ms.value_or(end_of_time);
    if (filter.conversation_id || filter.status_code) {
        return look(statements, filter, from_ms, to_ms);
    }
    const std::int64_t oldest_ms =
        read_integer(database, "SELECT min(request_at) FROM request_logs");
    const std::int64_t newest_ms =
        read_integer(database, "SELECT max(request_at) FROM request_logs");
    // Whole hours of which no log is gone come from roll-ups, what is left at both ends from logs.
    const std::int64_t first_ms =
        std::max({from_ms, zone.hour_of(oldest_ms).start_ms, read_logs_purged_before_ms(database)});
    const std::int64_t last_ms = std::min(to_ms, zone.hour_of(newest_ms).end_ms);
    const LocalHour first = zone.hour_of(first_ms);
    const std::int64_t begin_ms = first.start_ms == first_ms ? first_ms : first.end_ms;
    const std::int64_t end_ms = zone.hour_of(last_ms).start_ms;
    if (begin_ms >= end_ms) return look(statements, filter, from_ms, to_ms);
    const auto middle = sum_roll_ups(statements, zone, filter, groups, begin_ms, end_ms);
    if (!middle) return look(statements, filter, from_ms, to_ms);
    const LogTotal before = look(statements, filter, from_ms, begin_ms);
    const LogTotal after = look(statements, filter, end_ms, to_ms);
    return {*middle + before.count + after.count, before.is_exact && after.is_exact};
}

}  // namespace ccproxy::analytics
