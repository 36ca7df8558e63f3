// Writes CSV (RFC 4180): UTF-8, commas, CRLF, quotes where they are needed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/time_text.hpp"

namespace ccproxy::analytics {

/// Cells in their order, then end_row(). A value that is not known is an empty cell.
class CsvText {
  public:
    /// Appends to `out`. Both outlive it.
    CsvText(std::string& out, TimeWriter& times) : out_(out), times_(times) {}

    /// Spreadsheets run a cell that begins with = + - @, a tab or a carriage return as a formula,
    /// and what it holds comes from clients and upstreams: such a text gets an apostrophe before
    /// it, which they take for the mark of a text.
    void text(std::string_view value);
    void integer(std::int64_t value);
    void integer_or_empty(std::optional<std::int64_t> value);
    /// `true` or `false`.
    void boolean(bool value);
    /// As format_time().
    void time(std::int64_t unix_ms);
    void end_row();

  private:
    void begin_cell();

    std::string& out_;
    TimeWriter& times_;
    bool at_row_begin_ = true;
};

}  // namespace ccproxy::analytics
