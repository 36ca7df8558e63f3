#include "analytics/api/csv_text.hpp"

#include <array>
#include <charconv>

namespace ccproxy::analytics {
namespace {

constexpr std::string_view formula_begins = "=+-@\t\r";

bool needs_quotes(std::string_view value) {
    for (const char c : value) {
        if (c == '"' || c == ',' || c == '\r' || c == '\n') return true;
    }
    return false;
}

}  // namespace

void CsvText::begin_cell() {
    if (!at_row_begin_) out_.push_back(',');
    at_row_begin_ = false;
}

void CsvText::text(std::string_view value) {
    begin_cell();
    if (value.empty()) return;
    const bool is_formula = formula_begins.find(value.front()) != std::string_view::npos;
    if (!needs_quotes(value)) {
        if (is_formula) out_.push_back('\'');
        out_.append(value);
        return;
    }
    out_.append(is_formula ? "\"'" : "\"");
    for (const char c : value) {
        if (c == '"') out_.push_back('"');
        out_.push_back(c);
    }
    out_.push_back('"');
}

void CsvText::integer(std::int64_t value) {
    begin_cell();
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out_.append(digits.data(), end);
}

void CsvText::integer_or_empty(std::optional<std::int64_t> value) {
    value ? integer(*value) : begin_cell();
}

void CsvText::boolean(bool value) {
    begin_cell();
    out_.append(value ? "true" : "false");
}

void CsvText::time(std::int64_t unix_ms) {
    begin_cell();
    times_.append(out_, unix_ms);
}

void CsvText::end_row() {
    out_.append("\r\n");
    at_row_begin_ = true;
}

}  // namespace ccproxy::analytics
