#include "analytics/store/sqlite/stats_query.hpp"

#include <SQLiteCpp/Transaction.h>

#include <algorithm>
#include <unordered_map>

#include "analytics/store/sqlite/group_slots.hpp"
#include "analytics/store/sqlite/roll_up_scan.hpp"

namespace ccproxy::analytics {
namespace {

/// So few rows are sooner looked up than found among all.
constexpr std::size_t max_looked_up = 50;

ByDimension<bool> dimensions_of(const StatsQuery& query) {
    ByDimension<bool> wanted = query.by;
    for (std::size_t i = 0; i < dimension_count; ++i) {
        const auto dimension = static_cast<Dimension>(i);
        if (query.filter[dimension]) wanted[dimension] = true;
    }
    return wanted;
}

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

/// The sums that rank_of() looks at.
std::vector<Figures::Sum> sums_of_rank(FigureSort sort) {
    switch (sort) {
        case FigureSort::time:
            return {};
        case FigureSort::request_count:
            return {&Figures::request_count};
        case FigureSort::success_count:
            return {&Figures::success_count};
        case FigureSort::error_count:
            return {&Figures::request_count, &Figures::success_count};
        case FigureSort::prompt_tokens:
            return {&Figures::prompt_tokens};
        case FigureSort::completion_tokens:
            return {&Figures::completion_tokens};
        case FigureSort::total_tokens:
            return {&Figures::prompt_tokens, &Figures::completion_tokens};
        case FigureSort::cost:
            return {&Figures::cost_nano_usd};
        case FigureSort::avg_duration:
            return {&Figures::duration_sum_ms, &Figures::request_count};
        case FigureSort::avg_ttft:
            return {&Figures::ttft_sum_ms, &Figures::ttft_count};
    }
    return {};
}

/// Columns cost more than rows, and histograms most. So what an answer may leave out at its end is
/// not read: the rows that are shown are found first, where they may be few of many.
class Answer {
  public:
    Answer(StatementCache& statements, const DayZone& zone, const StatsQuery& query)
        : query_(query),
          kind_(smallest_kind(dimensions_of(query))),
          scan_(statements, zone, kind_),
          segments_(segments_of(statements, zone, kind_, query.from_ms, query.to_ms,
                                coarsest_for(query.per))),
          groups_(few_groups(statements, kind_, query.filter)),
          slots_(statements, query) {}

    Result<StatsTable> read() {
        const bool ranks = shows_few_of_many();
        const bool at_once = !ranks && has_one_row();
        sums_histograms_ = at_once;
        add_up({ranks ? sums_of_rank(query_.sort) : all_sums_, at_once && query_.percentiles},
               groups_, Rows::as_they_come);
        if (rows_.size() > max_stats_rows) {
            return Error{"the answer has more than " + std::to_string(max_stats_rows) +
                         " rows; narrow the range or the filters"};
        }
        if (at_once && !rows_.empty()) {
            rows_.front().figures.duration_ms = durations_.histogram();
            rows_.front().figures.ttft_ms = ttfts_.histogram();
        }
        StatsTable table;
        table.total_rows = rows_.size();
        cut();
        if (ranks) {
            for (Row& row : rows_) row.figures = {};
            add_up({all_sums_, query_.percentiles}, kept_groups(), Rows::kept);
        } else if (query_.percentiles && !at_once) {
            add_up({{}, true}, groups_, Rows::kept);
        }
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
    struct Columns {
        std::vector<Figures::Sum> sums;
        bool histograms;
    };
    enum class Rows { as_they_come, kept };
    using Groups = std::optional<std::vector<std::int64_t>>;

    /// A list of tokens or users by some figure, as a rule.
    [[nodiscard]] bool shows_few_of_many() const {
        return kind_ == kind_of_users && !groups_ && query_.per == TimeUnit::none &&
               query_.limit <= max_looked_up;
    }
    [[nodiscard]] bool has_one_row() const {
        return query_.per == TimeUnit::none && query_.by == ByDimension<bool>{};
    }

    [[nodiscard]] std::int64_t shown_period(const Segment& segment, std::int64_t period) const {
        if (query_.per == TimeUnit::none) return 0;
        const bool part_of_day = query_.per == TimeUnit::day && segment.level == RollUpLevel::hour;
        return part_of_day ? segment.day : period;
    }

    /// Stops adding rows when there are too many.
    void add_up(const Columns& columns, const Groups& groups, Rows rows) {
        std::string names = columns_of(columns.sums);
        if (columns.histograms) names.append(names.empty() ? "" : ", ").append(histogram_columns);
        const int first_histogram = 2 + static_cast<int>(columns.sums.size());
        for (const Segment& segment : segments_) {
            scan_.read(segment, names, groups,
                       [&](const RawStatement& row, std::int64_t group, std::int64_t period) {
                           const std::size_t slot = slots_.of(group);
                           if (slot == GroupSlots::unfit) return;
                           Row* const to = row_at({slot, shown_period(segment, period)}, rows);
                           if (to == nullptr) return;
                           add_sums(row, 2, columns.sums, to->figures);
                           if (columns.histograms) add_histograms(row, first_histogram, *to);
                       });
        }
    }
    void add_histograms(const RawStatement& row, int first_column, Row& to) {
        if (!sums_histograms_) {
            merge_histograms(row, first_column, to.figures);
            return;
        }
        durations_.add_encoded(row.bytes(first_column));
        ttfts_.add_encoded(row.bytes(first_column + 1));
    }
    Row* row_at(const Place& place, Rows rows) {
        const auto found = places_.find(place);
        if (found != places_.end()) return &rows_[found->second];
        if (rows == Rows::kept || rows_.size() > max_stats_rows) return nullptr;
        places_.emplace(place, rows_.size());
        return &rows_.emplace_back(Row{place, {}});
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

    [[nodiscard]] std::vector<std::int64_t> kept_groups() const {
        std::vector<std::size_t> slots;
        for (const Row& row : rows_) slots.push_back(row.place.slot);
        return slots_.groups_in(slots);
    }

    const StatsQuery& query_;
    const int kind_;
    const std::vector<Figures::Sum> all_sums_{Figures::sums.begin(), Figures::sums.end()};
    const RollUpScan scan_;
    const std::vector<Segment> segments_;
    const Groups groups_;
    GroupSlots slots_;
    std::unordered_map<Place, std::size_t, PlaceHash> places_;  ///< In rows_.
    std::vector<Row> rows_;
    bool sums_histograms_ = false;  ///< There is one row, and these are its histograms.
    HistogramSum durations_, ttfts_;
};

}  // namespace

Result<StatsTable> read_stats(StatementCache& statements, const DayZone& zone,
                              const StatsQuery& query) {
    const SQLite::Transaction snapshot(statements.database());
    return Answer(statements, zone, query).read();
}

}  // namespace ccproxy::analytics
