#include "common/http/router.hpp"

#include <set>
#include <stdexcept>

namespace ccproxy::http {
namespace {

bool is_parameter(std::string_view segment) {
    return segment.starts_with(':');
}

std::vector<std::string> split(std::string_view pattern) {
    if (!pattern.starts_with('/')) {
        throw std::logic_error("a route must begin with a slash: " + std::string(pattern));
    }
    std::vector<std::string> segments;
    pattern.remove_prefix(1);
    while (!pattern.empty()) {
        const std::size_t slash = pattern.find('/');
        segments.emplace_back(pattern.substr(0, slash));
        pattern.remove_prefix(slash == std::string_view::npos ? pattern.size() : slash + 1);
    }
    return segments;
}

bool fits(const std::vector<std::string>& segments, const std::vector<std::string>& path) {
    if (segments.size() != path.size()) return false;
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (is_parameter(segments[i]) ? path[i].empty() : segments[i] != path[i]) return false;
    }
    return true;
}

/// Both fit the same path, so that they have the same length.
bool is_more_fixed(const std::vector<std::string>& left, const std::vector<std::string>& right) {
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (is_parameter(left[i]) != is_parameter(right[i])) return is_parameter(right[i]);
    }
    return false;
}

/// Whether the two fit the same paths with the same precedence.
bool same_shape(const std::vector<std::string>& left, const std::vector<std::string>& right) {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (is_parameter(left[i]) != is_parameter(right[i])) return false;
        if (!is_parameter(left[i]) && left[i] != right[i]) return false;
    }
    return true;
}

std::string join(const std::set<std::string>& methods) {
    std::string text;
    for (const std::string& method : methods) text += (text.empty() ? "" : ", ") + method;
    return text;
}

}  // namespace

void RouteMatcher::add(std::string_view method, std::string_view pattern) {
    Line line{std::string(method), split(pattern)};
    for (const Line& earlier : lines_) {
        if (earlier.method == line.method && same_shape(earlier.segments, line.segments)) {
            throw std::logic_error("a route is hidden by an earlier one: " + std::string(pattern));
        }
    }
    lines_.push_back(std::move(line));
}

RouteMatch RouteMatcher::match(std::string_view method,
                               const std::vector<std::string>& path) const {
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    const Line* nearest = nullptr;
    for (const Line& line : lines_) {
        if (!fits(line.segments, path)) continue;
        if (nearest == nullptr || is_more_fixed(line.segments, nearest->segments)) nearest = &line;
    }
    const Line* best = nullptr;
    std::set<std::string> methods;
    for (const Line& line : lines_) {
        if (nearest == nullptr || !same_shape(line.segments, nearest->segments)) continue;
        methods.insert(line.method);
        if (line.method == "GET") methods.insert("HEAD");
        if (line.method == wanted) best = &line;
    }
    RouteMatch result;
    if (best != nullptr) {
        result.outcome = RouteMatch::Outcome::found;
        result.index = static_cast<std::size_t>(best - lines_.data());
        for (std::size_t i = 0; i < path.size(); ++i) {
            if (is_parameter(best->segments[i])) {
                result.parameters.push_back({best->segments[i].substr(1), path[i]});
            }
        }
    } else if (!methods.empty()) {
        result.outcome = RouteMatch::Outcome::method_not_allowed;
        result.allow = join(methods);
    }
    return result;
}

}  // namespace ccproxy::http
