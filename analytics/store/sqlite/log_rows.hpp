// Rows of request_logs: their columns, and how they become a RequestLog and back.
#pragma once

#include <SQLiteCpp/Statement.h>

#include <cstddef>
#include <optional>
#include <string>

#include "analytics/store/store.hpp"

namespace ccproxy::analytics {

/// The columns that read_log_row() expects, in its order; more may follow.
extern const char* const log_columns;
inline constexpr int log_column_count = 28;
inline constexpr int request_at_column = 7;

/// Inserts so many rows, each with log_parameter_count parameters; a conflict clause may follow.
std::string insert_log_rows(std::size_t rows);
inline constexpr int log_parameter_count = 29;

/// Binds the parameters of a row from `parameter` on. Without copying: the arguments must live
/// until the statement was stepped.
void bind_log_row(SQLite::Statement& statement, const PricedEvent& priced,
                  const std::string& proxy_id, int parameter = 1);

RequestLog read_log_row(SQLite::Statement& statement);
/// The same into a log that is used again, so that its texts keep their memory.
void read_log_row(SQLite::Statement& statement, RequestLog& log);

/// Why the event cannot become a row, for what a CHECK of the table cannot see: text that is
/// ill-formed or holds a NUL, an id that is none, figures that cannot be.
std::optional<std::string> unstorable(const PricedEvent& priced);

}  // namespace ccproxy::analytics
