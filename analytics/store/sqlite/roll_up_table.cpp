#include "analytics/store/sqlite/roll_up_table.hpp"

#include <algorithm>

namespace ccproxy::analytics {
namespace {

constexpr std::array<const char*, 13> sum_names{
    "request_count",
    "success_count",
    "prompt_tokens",
    "completion_tokens",
    "cache_creation_5m_tokens",
    "cache_creation_1h_tokens",
    "cache_read_tokens",
    "usage_count",
    "cost_nano_usd",
    "cost_count",
    "duration_sum_ms",
    "ttft_sum_ms",
    "ttft_count",
};
static_assert(sum_names.size() == Figures::sums.size() && sum_names.size() == sum_column_count);

constexpr std::array<const char*, 2> histogram_names{"duration_histogram", "ttft_histogram"};

template <std::size_t N>
std::string join(const std::array<const char*, N>& names) {
    std::string text;
    for (const char* name : names) text.append(text.empty() ? "" : ", ").append(name);
    return text;
}

std::string write_sql(const RollUpTable& table, FiguresWriter::Mode mode, const std::string& rows) {
    std::string sql = std::string("INSERT INTO ") + table.name + " (kind, " + table.period +
                      ", group_id, " + sum_columns + ", " + histogram_columns + ") " + rows +
                      " ON CONFLICT DO UPDATE SET ";
    const bool adds = mode == FiguresWriter::Mode::add;
    const auto assign = [&sql](const std::string& name, const std::string& value) {
        sql.append(sql.ends_with("SET ") ? "" : ", ").append(name).append(" = ").append(value);
    };
    for (const std::string name : sum_names) {
        assign(name, (adds ? name + " + " : "") + "excluded." + name);
    }
    for (const std::string name : histogram_names) {
        assign(name,
               adds ? "merge_histograms(" + name + ", excluded." + name + ")" : "excluded." + name);
    }
    return sql;
}

constexpr const char* values = "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

}  // namespace

//  token, user, account, mode, model
const std::array<ByDimension<bool>, kind_count> kinds{{
    {{true, true, true, true, true}},
    {{true, true, false, false, false}},
    {{false, false, true, true, false}},
    {{false, false, false, true, true}},
}};

int smallest_kind(const ByDimension<bool>& wanted) {
    // From the few modes and models up to what keeps all.
    for (const int kind : {3, 2, 1}) {
        bool fits = true;
        for (std::size_t i = 0; i < dimension_count; ++i) {
            const auto dimension = static_cast<Dimension>(i);
            if (wanted[dimension] && !kinds.at(static_cast<std::size_t>(kind))[dimension]) {
                fits = false;
            }
        }
        if (fits) return kind;
    }
    return 0;
}

const RollUpTable& roll_up_table(RollUpLevel level) {
    switch (level) {
        case RollUpLevel::hour:
            return hourly_table;
        case RollUpLevel::day:
            return daily_table;
        case RollUpLevel::week:
            return weekly_table;
    }
    return hourly_table;
}

Labels labels_of_kind(const Labels& labels, int kind) {
    Labels kept;
    for (std::size_t i = 0; i < dimension_count; ++i) {
        const auto dimension = static_cast<Dimension>(i);
        if (kinds.at(static_cast<std::size_t>(kind))[dimension]) {
            kept[dimension] = labels[dimension];
        }
    }
    return kept;
}

const std::string sum_columns = join(sum_names);
const std::string histogram_columns = join(histogram_names);

std::string columns_of(const std::vector<Figures::Sum>& sums) {
    std::string columns;
    for (const auto member : sums) {
        const auto place = std::find(Figures::sums.begin(), Figures::sums.end(), member);
        const auto index = static_cast<std::size_t>(place - Figures::sums.begin());
        columns.append(columns.empty() ? "" : ", ").append(sum_names.at(index));
    }
    return columns;
}

void read_sums(const RawStatement& row, int first_column, Figures& figures) {
    for (const auto member : Figures::sums) figures.*member = row.integer(first_column++);
}

void add_sums(const RawStatement& row, int first_column, const std::vector<Figures::Sum>& sums,
              Figures& figures) {
    for (const auto member : sums) {
        figures.*member = wrapping_sum(figures.*member, row.integer(first_column++));
    }
}

bool merge_histograms(const RawStatement& row, int first_column, Figures& figures) {
    const bool duration = figures.duration_ms.merge_encoded(row.bytes(first_column));
    const bool ttft = figures.ttft_ms.merge_encoded(row.bytes(first_column + 1));
    return duration && ttft;
}

std::string add_rows_sql(const RollUpTable& table, const std::string& rows) {
    return write_sql(table, FiguresWriter::Mode::add, rows);
}

FiguresWriter::FiguresWriter(const SQLite::Database& database, const RollUpTable& table, Mode mode)
    : statement_(database, write_sql(table, mode, values)) {}

void FiguresWriter::write(int kind, std::int64_t period, std::int64_t group_id,
                          const Figures& figures) {
    int next = 1;
    statement_.bind(next++, kind);
    statement_.bind(next++, period);
    statement_.bind(next++, group_id);
    for (const auto member : Figures::sums) statement_.bind(next++, figures.*member);
    duration_.clear();
    ttft_.clear();
    figures.duration_ms.encode(duration_);
    figures.ttft_ms.encode(ttft_);
    statement_.bind_blob(next++, duration_);
    statement_.bind_blob(next++, ttft_);
    statement_.run();
}

}  // namespace ccproxy::analytics
