#include "analytics/store/sqlite/stats_query.hpp"

#include <SQLiteCpp/Transaction.h>

#include <algorithm>
#include <limits>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "analytics/store/sqlite/roll_up_scan.hpp"
#include "analytics/store/sqlite/usage_groups.hpp"

namespace ccproxy::analytics {
namespace {

using Filter = ByDimension<std::optional<std::string>>;

/// Token and user.
constexpr int kind_of_users = 1;
/// Each takes a microsecond.
constexpr std::size_t max_looked_up = 5'000;

ByDimension<bool> dimensions_of(const StatsQuery& query) {
    ByDimension<bool> wanted = query.by;
    for (std::size_t i = 0; i < dimension_count; ++i) {
        const auto dimension = static_cast<Dimension>(i);
        if (query.filter[dimension]) wanted[dimension] = true;
    }
    return wanted;
}

/// Groups as the question sees them: which ones fit, and which are one and the same.
class Slots {
  public:
    static constexpr std::size_t unfit = std::numeric_limits<std::size_t>::max();

    Slots(const SQLite::Database& database, const StatsQuery& query)
        : query_(query),
          select_(database,
                  "SELECT token_id, user_name, account_id, mode, model FROM usage_groups "
                  "WHERE id = ?") {}

    std::size_t of(std::int64_t group_id) {
        const auto [known, is_new] = slot_of_group_.try_emplace(group_id, unfit);
        if (is_new) known->second = find(group_id);
        return known->second;
    }
    [[nodiscard]] const Labels& labels(std::size_t slot) const { return labels_[slot]; }

  private:
    std::size_t find(std::int64_t group_id) {
        Labels labels;
        select_.bind(1, group_id);
        bool fits = select_.step();
        for (std::size_t i = 0; i < dimension_count && fits; ++i) {
            const auto dimension = static_cast<Dimension>(i);
            const std::string_view label = select_.bytes(static_cast<int>(i));
            if (query_.filter[dimension] && *query_.filter[dimension] != label) fits = false;
            if (query_.by[dimension]) labels[dimension] = label;
        }
        select_.reset();
        if (!fits) return unfit;
        std::string key;
        UsageGroups::append_key(labels, key);
        const auto [slot, is_new] = slot_of_labels_.try_emplace(key, labels_.size());
        if (is_new) labels_.push_back(std::move(labels));
        return slot->second;
    }

    const StatsQuery& query_;
    RawStatement select_;
    std::unordered_map<std::int64_t, std::size_t> slot_of_group_;
    std::unordered_map<std::string, std::size_t> slot_of_labels_;
    std::vector<Labels> labels_;
};

RollUpLevel coarsest_for(TimeUnit unit) {
    switch (unit) {
        case TimeUnit::none:
            return RollUpLevel::week;
        case TimeUnit::day:
            return RollUpLevel::day;
        case TimeUnit::hour:
            return RollUpLevel::hour;
    }
    return RollUpLevel::hour;
}

/// The row of an answer: what it is of, and when.
struct Place {
    std::size_t slot;
    std::int64_t period;
    bool operator==(const Place&) const = default;
};
struct PlaceHash {
    std::size_t operator()(const Place& place) const {
        const auto period = static_cast<std::uint64_t>(place.period);
        const std::uint64_t mixed =
            place.slot * 0x9e3779b97f4a7c15ULL + period * 0xc2b2ae3d27d4eb4fULL;
        return mixed ^ (mixed >> 32);
    }
};

double average(std::int64_t sum, std::int64_t count) {
    return count == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(count);
}

/// What rows are ordered by. Sums are exact up to 2^53, far above what a ranking needs.
double rank_of(const Figures& figures, FigureSort sort) {
    const auto exact = [](std::int64_t value) { return static_cast<double>(value); };
    switch (sort) {
        case FigureSort::time:
            return 0;
        case FigureSort::request_count:
            return exact(figures.request_count);
        case FigureSort::success_count:
            return exact(figures.success_count);
        case FigureSort::error_count:
            return exact(figures.error_count());
        case FigureSort::prompt_tokens:
            return exact(figures.prompt_tokens);
        case FigureSort::completion_tokens:
            return exact(figures.completion_tokens);
        case FigureSort::total_tokens:
            return exact(figures.total_tokens());
        case FigureSort::cost:
            return exact(figures.cost_nano_usd);
        case FigureSort::avg_duration:
            return average(figures.duration_sum_ms, figures.request_count);
        case FigureSort::avg_ttft:
            return average(figures.ttft_sum_ms, figures.ttft_count);
    }
    return 0;
}

class Answer {
  public:
    Answer(const SQLite::Database& database, const DayZone& zone, const StatsQuery& query)
        : query_(query),
          kind_(smallest_kind(dimensions_of(query))),
          scan_(database, zone, kind_),
          segments_(segments_of(database, zone, kind_, query.from_ms, query.to_ms,
                                coarsest_for(query.per))),
          groups_(few_groups(database, kind_, query.filter)),
          slots_(database, query) {}

    Result<StatsTable> read() {
        if (!add_up()) {
            return Error{"the answer has more than " + std::to_string(max_stats_rows) +
                         " rows; narrow the range or the filters"};
        }
        StatsTable table;
        table.total_rows = rows_.size();
        cut();
        if (query_.percentiles) add_histograms();
        for (Row& row : rows_) {
            table.rows.push_back(
                {slots_.labels(row.place.slot), row.place.period, std::move(row.figures)});
        }
        return table;
    }

  private:
    struct Row {
        Place place;
        Figures figures;
    };

    [[nodiscard]] std::int64_t shown_period(const Segment& segment, std::int64_t period) const {
        if (query_.per == TimeUnit::none) return 0;
        const bool part_of_day = query_.per == TimeUnit::day && segment.level == RollUpLevel::hour;
        return part_of_day ? segment.day : period;
    }

    /// False when there are too many rows.
    bool add_up() {
        for (const Segment& segment : segments_) {
            scan_.read(segment, sum_columns, groups_,
                       [&](const RawStatement& row, std::int64_t group, std::int64_t period) {
                           const std::size_t slot = slots_.of(group);
                           if (slot == Slots::unfit || rows_.size() > max_stats_rows) return;
                           const Place place{slot, shown_period(segment, period)};
                           const auto [found, is_new] = places_.try_emplace(place, rows_.size());
                           if (is_new) rows_.push_back({place, {}});
                           add_sums(row, 2, rows_[found->second].figures);
                       });
        }
        return rows_.size() <= max_stats_rows;
    }

    /// Sorts, and keeps the first rows.
    void cut() {
        const auto before = [this](const Row& a, const Row& b) {
            const double first = rank_of(a.figures, query_.sort);
            const double second = rank_of(b.figures, query_.sort);
            if (first != second) return query_.ascending ? first < second : first > second;
            if (a.place.period != b.place.period) {
                const bool backwards = query_.sort == FigureSort::time && !query_.ascending;
                return (a.place.period < b.place.period) != backwards;
            }
            return slots_.labels(a.place.slot) < slots_.labels(b.place.slot);
        };
        const std::size_t kept = std::min(query_.limit, rows_.size());
        std::partial_sort(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(kept),
                          rows_.end(), before);
        rows_.resize(kept);
        places_.clear();
        for (std::size_t i = 0; i < rows_.size(); ++i) places_.emplace(rows_[i].place, i);
    }

    /// Only now, so that no histogram is kept of a row that is not shown.
    void add_histograms() {
        for (const Segment& segment : segments_) {
            scan_.read(segment, histogram_columns, groups_,
                       [&](const RawStatement& row, std::int64_t group, std::int64_t period) {
                           const std::size_t slot = slots_.of(group);
                           if (slot == Slots::unfit) return;
                           const auto found = places_.find({slot, shown_period(segment, period)});
                           if (found == places_.end()) return;
                           merge_histograms(row, 2, rows_[found->second].figures);
                       });
        }
    }

    const StatsQuery& query_;
    const int kind_;
    const RollUpScan scan_;
    const std::vector<Segment> segments_;
    const std::optional<std::vector<std::int64_t>> groups_;
    Slots slots_;
    std::unordered_map<Place, std::size_t, PlaceHash> places_;  ///< In rows_.
    std::vector<Row> rows_;
};

/// Finds the groups of kind 1 that have a row in the days, by looking each of them up: a few steps
/// in a narrow index, however many days there are. False, and nothing is done, when there are so
/// many groups, most of them of other times, that the rows of the days are sooner read.
bool look_up_active(const SQLite::Database& database, const Segment& days,
                    std::unordered_set<std::int64_t>& active) {
    if (days.to - days.from == 1) return false;
    RawStatement groups(database, "SELECT id FROM usage_groups WHERE kind = 1 LIMIT " +
                                      std::to_string(max_looked_up + 1));
    std::vector<std::int64_t> ids;
    while (groups.step()) ids.push_back(groups.integer(0));
    if (ids.size() > max_looked_up) return false;
    RawStatement row(database,
                     "SELECT 1 FROM usage_daily INDEXED BY usage_daily_active WHERE kind = 1 AND "
                     "group_id = ? AND day >= ? AND day < ? LIMIT 1");
    row.bind(2, days.from);
    row.bind(3, days.to);
    for (const std::int64_t id : ids) {
        row.bind(1, id);
        if (row.step()) active.insert(id);
        row.reset();
    }
    return true;
}

}  // namespace

Result<StatsTable> read_stats(SQLite::Database& database, const DayZone& zone,
                              const StatsQuery& query) {
    const SQLite::Transaction snapshot(database);
    return Answer(database, zone, query).read();
}

std::int64_t count_active(SQLite::Database& database, const DayZone& zone, Dimension dimension,
                          std::int64_t from_ms, std::int64_t to_ms) {
    const SQLite::Transaction snapshot(database);
    StatsQuery query;
    query.by[dimension] = true;
    const int kind = smallest_kind(query.by);
    const RollUpScan scan(database, zone, kind);
    std::unordered_set<std::int64_t> groups;
    for (const Segment& segment :
         segments_of(database, zone, kind, from_ms, to_ms, RollUpLevel::day)) {
        if (kind == kind_of_users && segment.level == RollUpLevel::day &&
            look_up_active(database, segment, groups)) {
            continue;
        }
        scan.read(
            segment, "", std::nullopt,
            [&](const RawStatement&, std::int64_t group, std::int64_t) { groups.insert(group); });
    }
    Slots slots(database, query);
    std::set<std::string> active;
    for (const std::int64_t group : groups) {
        const std::size_t slot = slots.of(group);
        if (slot != Slots::unfit) active.insert(slots.labels(slot)[dimension]);
    }
    active.erase("");
    return static_cast<std::int64_t>(active.size());
}

}  // namespace ccproxy::analytics
