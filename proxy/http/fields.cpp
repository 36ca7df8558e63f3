#include "proxy/http/fields.hpp"

#include "proxy/http/grammar.hpp"

namespace ccproxy::http1 {
namespace {

/// A field that is shorter on the wire is rare.
constexpr std::size_t usual_field_bytes = 24;
/// Sizes of a field's name and value are bounded one by one, beside the head as a whole.
constexpr std::size_t max_field_bytes = 64 * 1024 - 1;
constexpr std::string_view separator = ": ";

void make_lower(char* text, std::size_t size) {
    std::transform(text, text + size, text, to_lower);
}

/// Of a line, which holds no control character but the tab.
bool is_blank(char c) {
    return static_cast<unsigned char>(c) <= ' ';
}

/// Whether a line is written as most are: `name: value` as it stays, its name in lower case.
/// `colon` is where such a name ends.
bool is_plain(std::string_view line, std::size_t colon) {
    if (colon == 0 || line.size() > max_field_bytes) return false;
    const std::string_view behind = line.substr(colon);
    return behind.size() > separator.size() && behind.starts_with(separator) &&
           !is_blank(behind[separator.size()]) && !is_blank(behind.back());
}

/// Why a line does not begin with a name and its colon.
Error no_name(std::string_view line) {
    return Error{is_blank(line.front()) ? "a header line is folded"
                                        : "the name of a header field is malformed"};
}

}  // namespace

std::optional<Error> Fields::read(std::string_view lines) {
    // The lines stay as they are but for their names, and but for the few that are written in
    // another way: add() puts those behind the others.
    text_ = lines;
    places_.clear();
    places_.reserve(lines.size() / usual_field_bytes);
    present_ = {};
    repeated_ = {};
    std::string_view rest = lines;
    for (;;) {
        const std::size_t colon = bytes_before_name_end(rest);
        const std::size_t size = colon + bytes_before_control(rest.substr(colon));
        if (!rest.substr(size).starts_with(line_end)) return no_line(rest);
        if (size == 0) break;
        const std::string_view line = rest.substr(0, size);
        const auto begin = static_cast<std::size_t>(line.data() - lines.data());
        if (is_plain(line, colon)) {
            add_place(begin, colon, size - colon - separator_bytes);
        } else if (std::optional<Error> error = read_line(begin, line)) {
            return error;
        }
        rest.remove_prefix(size + line_end.size());
    }
    if (rest.size() != line_end.size()) return Error{"the head is malformed"};
    return std::nullopt;
}

std::optional<Error> Fields::read_line(std::size_t begin, std::string_view line) {
    const std::size_t name_bytes = span(line, ByteClass::token);
    if (name_bytes == 0 || name_bytes == line.size() || line[name_bytes] != ':') {
        return no_name(line);
    }
    const std::string_view sent = line.substr(name_bytes + 1);
    if (name_bytes > max_field_bytes || sent.size() > max_field_bytes) {
        return Error{"a header field is too long"};
    }
    const std::string_view value = trim(sent);
    if (value.size() + 1 == sent.size() && sent.front() == ' ') {
        make_lower(text_.data() + begin, name_bytes);
        add_place(begin, name_bytes, value.size());
    } else {
        add(line.substr(0, name_bytes), value);
    }
    return std::nullopt;
}

void Fields::add(std::string_view name, std::string_view value) {
    const std::string_view trimmed = trim(value);
    const std::size_t begin = text_.size();
    text_.append(name).append(separator).append(trimmed).append(line_end);
    make_lower(text_.data() + begin, name.size());
    add_place(begin, name.size(), trimmed.size());
}

std::size_t Fields::count(FieldName name) const {
    std::size_t found = 0;
    for (auto place = find(name, places_.begin()); place != places_.end();
         place = find_next(name, place)) {
        ++found;
    }
    return found;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
    // Most texts that are equal are so without a look at case.
    return left == right || (left.size() == right.size() &&
                             std::equal(left.begin(), left.end(), right.begin(),
                                        [](char a, char b) { return to_lower(a) == to_lower(b); }));
}

}  // namespace ccproxy::http1
