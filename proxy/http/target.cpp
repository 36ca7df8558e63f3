#include "proxy/http/target.hpp"

#include <algorithm>

#include "proxy/http/head.hpp"

namespace ccproxy::http1 {
namespace {

/// Whether a path segment means `.` or `..`, its dots written plainly or as `%2e`.
bool is_dot_segment(std::string_view segment) {
    std::size_t dots = 0;
    while (!segment.empty()) {
        if (segment.front() == '.') {
            segment.remove_prefix(1);
        } else if (equals_ignoring_case(segment.substr(0, 3), "%2e")) {
            segment.remove_prefix(3);
        } else {
            return false;
        }
        ++dots;
    }
    return dots == 1 || dots == 2;
}

bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::size_t end = std::min(path.find('/'), path.size());
        if (is_dot_segment(path.substr(0, end))) return true;
        path.remove_prefix(end);
    }
    return false;
}

/// What stands behind the scheme and the authority of an absolute form; anything else as it is.
std::string_view without_origin(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
        const std::size_t path = target.find_first_of("/?", scheme.size());
        return path == std::string_view::npos ? "/" : target.substr(path);
    }
    return target;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string percent_decoded(std::string_view text) {
    std::string decoded;
    while (!text.empty()) {
        const bool encoded = text.size() >= 3 && text[0] == '%' && hex_value(text[1]) >= 0 &&
                             hex_value(text[2]) >= 0;
        decoded.push_back(encoded ? static_cast<char>(hex_value(text[1]) * 16 + hex_value(text[2]))
                                  : text[0]);
        text.remove_prefix(encoded ? 3 : 1);
    }
    return decoded;
}

}  // namespace

std::string lenient_path(std::string_view path) {
    std::string decoded = percent_decoded(path);
    for (std::string next = percent_decoded(decoded); next != decoded;
         next = percent_decoded(decoded)) {
        decoded = std::move(next);
    }
    std::string lenient;
    bool in_parameters = false;
    for (const char c : decoded) {
        if (c == '/') {
            in_parameters = false;
            if (lenient.ends_with('/')) continue;
        }
        if (c == ';') in_parameters = true;
        if (!in_parameters) lenient.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    }
    if (lenient.size() > 1 && lenient.ends_with('/')) lenient.pop_back();
    return lenient;
}

Result<Target> parse_target(std::string_view target) {
    if (!target.starts_with('/')) target = without_origin(target);
    if (target.starts_with('?')) return Error{"the target has no path"};
    if (!target.starts_with('/')) return Error{"the target is neither a path nor a URL"};
    const std::size_t query = std::min(target.find('?'), target.size());
    Target parsed{std::string(target.substr(0, query)), std::string(target.substr(query))};
    if (parsed.path.find('\\') != std::string::npos || parsed.path.find('#') != std::string::npos ||
        parsed.query.find('#') != std::string::npos) {
        return Error{"the target holds a character that does not belong in one"};
    }
    if (has_dot_segment(parsed.path)) return Error{"the target's path holds a dot segment"};
    while (parsed.path.starts_with("/v1/v1/")) parsed.path.erase(0, 3);
    return parsed;
}

}  // namespace ccproxy::http1
