// Finds the handler for a method and a path in a table that stands in one place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http/message.hpp"

namespace ccproxy::http {

/// One line of the table. A segment that begins with `:` is a parameter and takes any one segment
/// that is not empty: `/api/logs/requests/:id`.
template <class Handler>
struct Route {
    std::string_view method;
    std::string_view pattern;
    Handler handler;
};

/// What the table says of a request. `index` is the line and `parameters` are its `:names` with
/// their values when something was found; `allow` is the value of the Allow header otherwise.
struct RouteMatch {
    enum class Outcome { found, not_found, method_not_allowed };

    Outcome outcome = Outcome::not_found;
    std::size_t index = 0;
    std::vector<Field> parameters;
    std::string allow;
};

/// The matching alone, without handlers. Immutable after the last add(), then shared by any
/// threads.
class RouteMatcher {
  public:
    /// Lines are numbered from 0. Throws std::logic_error for a pattern without a leading slash and
    /// for a line that an earlier one hides.
    void add(std::string_view method, std::string_view pattern);

    /// Where several patterns fit the path, the one whose segments are fixed further to the left
    /// stands for it, with its methods alone, as OpenAPI has it. HEAD is taken as GET.
    [[nodiscard]] RouteMatch match(std::string_view method,
                                   const std::vector<std::string>& path) const;

  private:
    struct Line {
        std::string method;
        std::vector<std::string> segments;
    };
    std::vector<Line> lines_;
};

/// The table with its handlers.
template <class Handler>
class Router {
  public:
    explicit Router(std::vector<Route<Handler>> routes) : routes_(std::move(routes)) {
        for (const Route<Handler>& route : routes_) matcher_.add(route.method, route.pattern);
    }

    [[nodiscard]] RouteMatch match(const Request& request) const {
        return matcher_.match(request.method, request.path);
    }
    [[nodiscard]] const Handler& handler(const RouteMatch& match) const {
        return routes_.at(match.index).handler;
    }
    /// The line that was found, as it stands in the table.
    [[nodiscard]] std::string_view method(const RouteMatch& match) const {
        return routes_.at(match.index).method;
    }
    [[nodiscard]] std::string_view pattern(const RouteMatch& match) const {
        return routes_.at(match.index).pattern;
    }
    /// The table as it was given.
    [[nodiscard]] const std::vector<Route<Handler>>& routes() const { return routes_; }

  private:
    std::vector<Route<Handler>> routes_;
    RouteMatcher matcher_;
};

}  // namespace ccproxy::http
