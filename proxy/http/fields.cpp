#include "proxy/http/fields.hpp"

#include <algorithm>

namespace ccproxy::http1 {
namespace {

/// A field that is shorter on the wire is rare.
constexpr std::size_t usual_field_bytes = 32;

}  // namespace

void Fields::reserve(std::size_t head_bytes) {
    text_.reserve(head_bytes);
    places_.reserve(head_bytes / usual_field_bytes);
}

void Fields::add(std::string_view name, std::string_view value) {
    const std::string_view trimmed = trim(value);
    places_.push_back({static_cast<std::uint32_t>(text_.size()),
                       static_cast<std::uint32_t>(name.size()),
                       static_cast<std::uint32_t>(trimmed.size())});
    const std::size_t at = text_.size();
    text_.append(name);
    std::transform(text_.begin() + static_cast<std::ptrdiff_t>(at), text_.end(),
                   text_.begin() + static_cast<std::ptrdiff_t>(at), to_lower);
    text_.append(trimmed);
}

std::string_view Fields::get(std::string_view name) const {
    for (const Field field : *this) {
        if (field.name == name) return field.value;
    }
    return {};
}

std::size_t Fields::count(std::string_view name) const {
    std::size_t found = 0;
    for (const Field field : *this) {
        if (field.name == name) ++found;
    }
    return found;
}

bool Fields::lists(std::string_view name, std::string_view token) const {
    for (const Field field : *this) {
        if (field.name != name) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            if (equals_ignoring_case(trim(rest.substr(0, comma)), token)) return true;
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    return false;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(),
                      [](char a, char b) { return to_lower(a) == to_lower(b); });
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace ccproxy::http1
