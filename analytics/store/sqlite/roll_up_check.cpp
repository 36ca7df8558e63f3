#include "analytics/store/sqlite/roll_up_check.hpp"

#include <SQLiteCpp/Transaction.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "analytics/store/sqlite/log_figures.hpp"
#include "analytics/store/sqlite/meta.hpp"
#include "analytics/store/sqlite/roll_up.hpp"

namespace ccproxy::analytics {
namespace {

/// How many repairs there were, ever, as a key of `meta`.
constexpr const char* repairs_key = "roll_up_repairs";

std::int64_t read_repairs(const SQLite::Database& database) {
    return std::stoll(read_meta(database, repairs_key).value_or("0"));
}

/// A row as it is stored, beside the group that it names.
struct StoredRow {
    std::int64_t period, group_id;
    bool has_group;
    Labels labels;
    Figures figures;
    bool damaged;  ///< A histogram cannot be read; it counts as empty.
};

constexpr int first_label = 3;
constexpr int first_sum = first_label + static_cast<int>(dimension_count);

/// What is in no day yet.
constexpr const char* without_open_hours =
    " AND hour_at NOT IN (SELECT hour_at FROM usage_open_hours)";

template <class Take>
void each_row(const SQLite::Database& database, RollUpLevel level, int kind, std::int64_t from,
              std::int64_t to, const Take& take, const char* condition = "") {
    const RollUpTable& table = roll_up_table(level);
    const std::string period = table.period;
    RawStatement row(database, "SELECT " + period +
                                   ", group_id, g.id IS NOT NULL, token_id, user_name, "
                                   "account_id, mode, model, " +
                                   sum_columns + ", " + histogram_columns + " FROM " + table.name +
                                   " r LEFT JOIN usage_groups g ON g.id = r.group_id AND "
                                   "g.kind = r.kind WHERE r.kind = ? AND " +
                                   period + " >= ? AND " + period + " < ?" + condition);
    row.bind(1, kind);
    row.bind(2, from);
    row.bind(3, to);
    while (row.step()) {
        StoredRow stored{row.integer(0), row.integer(1), row.integer(2) != 0, {}, {}, false};
        for (std::size_t i = 0; i < dimension_count; ++i) {
            stored.labels[static_cast<Dimension>(i)] = row.bytes(first_label + static_cast<int>(i));
        }
        read_sums(row, first_sum, stored.figures);
        stored.damaged = !merge_histograms(row, first_sum + sum_column_count, stored.figures);
        take(stored);
    }
}

/// What the rows of one kind and period should be, by group; compares them with those that are.
template <class Key>
class Comparison {
  public:
    Comparison(RollUpLevel level, int kind, std::int64_t period, RollUpCheck& check)
        : level_(level), kind_(kind), period_(period), check_(check) {}

    Figures& expected(const Key& group) { return expected_[group]; }

    void compare(const Key& group, const StoredRow& stored) {
        ++check_.rows_checked;
        RollUpDifference found = difference(stored.figures);
        found.period = stored.period;
        found.group_id = stored.group_id;
        if (!stored.has_group || stored.period != period_) {
            found.remove = true;
            check_.differences.push_back(std::move(found));
            return;
        }
        if (const auto entry = expected_.find(group); entry != expected_.end()) {
            found.expected = std::move(entry->second);
            expected_.erase(entry);
        }
        if (stored.damaged || !(found.expected == found.stored)) {
            check_.differences.push_back(std::move(found));
        }
    }

    /// What is left has no row. `name` tells the difference its group.
    template <class Name>
    void report_missing(const Name& name) {
        for (auto& [group, figures] : expected_) {
            ++check_.rows_checked;
            RollUpDifference found = difference({});
            found.expected = std::move(figures);
            name(group, found);
            check_.differences.push_back(std::move(found));
        }
    }

  private:
    [[nodiscard]] RollUpDifference difference(const Figures& stored) const {
        RollUpDifference found;
        found.level = level_;
        found.kind = kind_;
        found.period = period_;
        found.stored = stored;
        return found;
    }

    const RollUpLevel level_;
    const int kind_;
    const std::int64_t period_;
    RollUpCheck& check_;
    std::map<Key, Figures> expected_;
};

/// What the check of a day begins with; false when there is nothing to compare.
bool begin_check(const SQLite::Database& database, const DayZone& zone, std::int64_t day,
                 RollUpCheck& check) {
    check.repairs = read_repairs(database);
    check.purged = zone.start_of(day) < read_logs_purged_before_ms(database);
    return !check.purged;
}

/// Reads the row again and mends it. Rows that become empty go.
class Repair {
  public:
    explicit Repair(const SQLite::Database& database)
        : database_(database),
          groups_(database),
          daily_(database, daily_table, FiguresWriter::Mode::replace),
          hourly_(database, hourly_table, FiguresWriter::Mode::replace),
          open_week_(database, open_week_sql) {}

    void mend(const RollUpDifference& difference) {
        if (difference.level != RollUpLevel::hour) {
            open_week_.bind(1, week_of(difference.period));
            open_week_.run();
        }
        // An open week is summed up anew.
        if (difference.level == RollUpLevel::week) return;
        const bool hourly = difference.level == RollUpLevel::hour;
        const RollUpTable& table = roll_up_table(difference.level);
        const std::int64_t group = difference.group_id != 0
                                       ? difference.group_id
                                       : groups_.id_of(difference.kind, difference.labels);
        Figures figures;
        if (!difference.remove) {
            figures = read(table, difference, group);
            figures.correct(difference.expected, difference.stored);
        }
        if (figures.empty()) return remove(table, difference, group);
        (hourly ? hourly_ : daily_).write(difference.kind, difference.period, group, figures);
    }

  private:
    [[nodiscard]] std::string where(const RollUpTable& table) const {
        return std::string(" FROM ") + table.name + " WHERE kind = ? AND " + table.period +
               " = ? AND group_id = ?";
    }
    static void bind(RawStatement& row, const RollUpDifference& difference, std::int64_t group) {
        row.bind(1, difference.kind);
        row.bind(2, difference.period);
        row.bind(3, group);
    }
    [[nodiscard]] Figures read(const RollUpTable& table, const RollUpDifference& difference,
                               std::int64_t group) const {
        RawStatement row(database_,
                         "SELECT " + sum_columns + ", " + histogram_columns + where(table));
        bind(row, difference, group);
        Figures figures;
        if (row.step()) {
            read_sums(row, 0, figures);
            merge_histograms(row, sum_column_count, figures);
        }
        return figures;
    }
    void remove(const RollUpTable& table, const RollUpDifference& difference,
                std::int64_t group) const {
        RawStatement row(database_, "DELETE" + where(table));
        bind(row, difference, group);
        row.run();
    }

    const SQLite::Database& database_;
    UsageGroups groups_;
    FiguresWriter daily_, hourly_;
    RawStatement open_week_;
};

}  // namespace

RollUpCheck check_hour(SQLite::Database& database, const DayZone& zone, const LocalHour& hour) {
    const SQLite::Transaction snapshot(database);
    RollUpCheck check;
    if (!begin_check(database, zone, hour.day, check)) return check;
    // Full groups first: the other kinds are sums of them, and logs are many.
    std::map<Labels, Figures> full;
    each_log(database, hour.start_ms, hour.end_ms, [&](const Event& event, const auto& cost) {
        full[labels_of(event)].add_request(event, cost);
    });
    for (int kind = 0; kind < static_cast<int>(kind_count); ++kind) {
        Comparison<Labels> comparison(RollUpLevel::hour, kind, hour.start_ms, check);
        for (const auto& [labels, figures] : full) {
            comparison.expected(labels_of_kind(labels, kind)).add(figures);
        }
        each_row(database, RollUpLevel::hour, kind, hour.start_ms, hour.end_ms,
                 [&](const StoredRow& row) { comparison.compare(row.labels, row); });
        comparison.report_missing(
            [](const Labels& labels, RollUpDifference& found) { found.labels = labels; });
    }
    return check;
}

RollUpCheck check_day(SQLite::Database& database, const DayZone& zone, std::int64_t day) {
    const SQLite::Transaction snapshot(database);
    RollUpCheck check;
    if (!begin_check(database, zone, day, check)) return check;
    for (int kind = 0; kind < static_cast<int>(kind_count); ++kind) {
        Comparison<std::int64_t> comparison(RollUpLevel::day, kind, day, check);
        each_row(
            database, RollUpLevel::hour, kind, zone.start_of(day), zone.start_of(day + 1),
            [&](const StoredRow& row) { comparison.expected(row.group_id).add(row.figures); },
            without_open_hours);
        each_row(database, RollUpLevel::day, kind, day, day + 1,
                 [&](const StoredRow& row) { comparison.compare(row.group_id, row); });
        comparison.report_missing(
            [](std::int64_t group, RollUpDifference& found) { found.group_id = group; });
    }
    return check;
}

RollUpCheck check_week(SQLite::Database& database, const DayZone& zone, std::int64_t day) {
    const SQLite::Transaction snapshot(database);
    const std::int64_t week = week_of(day);
    RollUpCheck check;
    if (!begin_check(database, zone, week, check)) return check;
    RawStatement open(database, "SELECT 1 FROM usage_open_weeks WHERE week = ?");
    open.bind(1, week);
    if (open.step()) return check;
    for (int kind = 0; kind < static_cast<int>(kind_count); ++kind) {
        if (!has_weeks(kind)) continue;
        Comparison<std::int64_t> comparison(RollUpLevel::week, kind, week, check);
        each_row(database, RollUpLevel::day, kind, week, week + days_of_week,
                 [&](const StoredRow& row) { comparison.expected(row.group_id).add(row.figures); });
        each_row(database, RollUpLevel::week, kind, week, week + days_of_week,
                 [&](const StoredRow& row) { comparison.compare(row.group_id, row); });
        comparison.report_missing(
            [](std::int64_t group, RollUpDifference& found) { found.group_id = group; });
    }
    return check;
}

std::optional<std::int64_t> next_day_with_data(SQLite::Database& database, const DayZone& zone,
                                               std::int64_t day, std::int64_t end) {
    const SQLite::Transaction snapshot(database);
    std::optional<std::int64_t> next;
    const auto take = [&](std::int64_t found) {
        if (found >= day && found < end) next = std::min(next.value_or(found), found);
    };
    const auto first = [&](const std::string& sql, std::int64_t from) {
        RawStatement row(database, sql);
        row.bind(1, from);
        return row.step() && !row.is_null(0) ? std::optional(row.integer(0)) : std::nullopt;
    };
    const std::int64_t start_ms = zone.start_of(day);
    const auto log =
        first("SELECT min(request_at) FROM request_logs WHERE request_at >= ?", start_ms);
    if (log) take(zone.day_number(*log));
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
        const std::string of_kind = " AND kind = " + std::to_string(kind);
        const auto hour =
            first("SELECT min(hour_at) FROM usage_hourly WHERE hour_at >= ?" + of_kind, start_ms);
        if (hour) take(zone.day_number(*hour));
        const auto found = first("SELECT min(day) FROM usage_daily WHERE day >= ?" + of_kind, day);
        if (found) take(*found);
    }
    return next;
}

bool repair_roll_ups(SQLite::Database& database, RollUpCheck& check, std::size_t first,
                     std::size_t count) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    if (read_repairs(database) != check.repairs) return false;
    Repair repair(database);
    const std::size_t end = first + std::min(count, check.differences.size() - first);
    for (std::size_t i = first; i < end; ++i) repair.mend(check.differences[i]);
    write_meta(database, repairs_key, std::to_string(check.repairs + 1));
    transaction.commit();
    ++check.repairs;
    return true;
}

}  // namespace ccproxy::analytics
