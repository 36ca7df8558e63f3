#include "proxy/http/fields.hpp"

#include "proxy/http/grammar.hpp"

namespace ccproxy::http1 {
namespace {

/// A field that is shorter on the wire is rare.
constexpr std::size_t usual_field_bytes = 32;
/// Sizes of a field's name and value are bounded one by one, beside the head as a whole.
constexpr std::size_t max_field_bytes = 64 * 1024 - 1;

void make_lower(char* text, std::size_t size) {
    std::transform(text, text + size, text, to_lower);
}

bool has_colon(std::string_view line, std::size_t at) {
    return at < line.size() && line[at] == ':';
}

/// Why a line does not begin with a name and its colon.
Error no_name(std::string_view line) {
    if (line_bytes(line) == std::string_view::npos) return no_line(line);
    const bool is_folded = line.front() == ' ' || line.front() == '\t';
    return Error{is_folded ? "a header line is folded" : "the name of a header field is malformed"};
}

}  // namespace

std::optional<Error> Fields::read(std::string_view lines) {
    // The lines stay as they are but for their names, and but for the few that are written in
    // another way: add() puts those behind the others.
    text_ = lines;
    places_.clear();
    places_.reserve(lines.size() / usual_field_bytes);
    present_ = {};
    std::size_t begin = 0;
    for (;;) {
        const std::string_view line = lines.substr(begin);
        std::size_t name_bytes = bytes_before_name_end(line);
        const bool in_lower_case = has_colon(line, name_bytes);
        if (!in_lower_case) {
            if (line.starts_with(line_end)) break;
            name_bytes += span(line.substr(name_bytes), ByteClass::token);
        }
        if (name_bytes == 0 || !has_colon(line, name_bytes)) return no_name(line);
        const std::string_view behind = line.substr(name_bytes + 1);
        const std::size_t sent_bytes = line_bytes(behind);
        if (sent_bytes == std::string_view::npos) return no_line(behind);
        if (name_bytes > max_field_bytes || sent_bytes > max_field_bytes) {
            return Error{"a header field is too long"};
        }
        const std::string_view value = trim(behind.substr(0, sent_bytes));
        if (value.size() + 1 == sent_bytes && behind.front() == ' ') {
            if (!in_lower_case) make_lower(text_.data() + begin, name_bytes);
            add_place(begin, name_bytes, value.size());
        } else {
            add(line.substr(0, name_bytes), value);
        }
        begin += name_bytes + 1 + sent_bytes + line_end.size();
    }
    if (begin + line_end.size() != lines.size()) return Error{"the head is malformed"};
    return std::nullopt;
}

void Fields::add(std::string_view name, std::string_view value) {
    const std::string_view trimmed = trim(value);
    const std::size_t begin = text_.size();
    text_.append(name).append(": ").append(trimmed).append("\r\n");
    make_lower(text_.data() + begin, name.size());
    add_place(begin, name.size(), trimmed.size());
}

std::size_t Fields::count(std::string_view name) const {
    std::size_t found = 0;
    for (std::size_t i = find(name, 0); i < places_.size(); i = find(name, i + 1)) ++found;
    return found;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(),
                      [](char a, char b) { return to_lower(a) == to_lower(b); });
}

}  // namespace ccproxy::http1
