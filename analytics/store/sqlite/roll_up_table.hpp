// The tables of roll-ups: their kinds and columns, and how figures get in and out of a row.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "analytics/store/sqlite/raw_statement.hpp"
#include "analytics/store/stats.hpp"

namespace ccproxy::analytics {

/// Which dimensions a kind of groups keeps; the index is its number in the tables.
inline constexpr std::size_t kind_count = 4;
extern const std::array<ByDimension<bool>, kind_count> kinds;

/// Token and user.
inline constexpr int kind_of_users = 1;

/// The kind with the fewest rows that keeps all of `wanted`.
int smallest_kind(const ByDimension<bool>& wanted);

/// `labels` with nothing in what the kind does not keep.
Labels labels_of_kind(const Labels& labels, int kind);

struct RollUpTable {
    const char* name;
    const char* period;  ///< The column of the hour's beginning, or of the (first) day's number.
};
inline constexpr RollUpTable daily_table{"usage_daily", "day"};
inline constexpr RollUpTable hourly_table{"usage_hourly", "hour_at"};
inline constexpr RollUpTable weekly_table{"usage_weekly", "week"};
const RollUpTable& roll_up_table(RollUpLevel level);
/// The weekly table has all but the full groups.
inline bool has_weeks(int kind) {
    return kind != 0;
}

/// The sums, then the two histograms, comma-separated; read_sums() and read_histograms() expect
/// them from a column on.
extern const std::string sum_columns, histogram_columns;
inline constexpr int sum_column_count = 13;

/// The columns of some of the sums, in their order.
std::string columns_of(const std::vector<Figures::Sum>& sums);

void read_sums(const RawStatement& row, int first_column, Figures& figures);
/// Adds to some of the sums that are there.
void add_sums(const RawStatement& row, int first_column, const std::vector<Figures::Sum>& sums,
              Figures& figures);
/// Adds to the histograms that are there; what is damaged counts as empty. True when nothing was
/// damaged.
bool merge_histograms(const RawStatement& row, int first_column, Figures& figures);

/// A statement that adds rows to those of a table. `rows` is VALUES, or a SELECT with a WHERE, of
/// kind, period, group_id, the sums and the histograms.
std::string add_rows_sql(const RollUpTable& table, const std::string& rows);

/// Writes figures of a group: `add` to what is there, or in place of it.
class FiguresWriter {
  public:
    enum class Mode { add, replace };
    FiguresWriter(const SQLite::Database& database, const RollUpTable& table, Mode mode);
    void write(int kind, std::int64_t period, std::int64_t group_id, const Figures& figures);

  private:
    RawStatement statement_;
    std::string duration_, ttft_;  ///< Encoded; kept for their memory.
};

}  // namespace ccproxy::analytics
