#include "common/http/router.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "common/http/target.hpp"

namespace ccproxy::http {
namespace {

using Outcome = RouteMatch::Outcome;

Router<std::string> table() {
    return Router<std::string>({
        {"GET", "/", "root"},
        {"GET", "/logs", "list"},
        {"GET", "/logs/:id", "one"},
        {"DELETE", "/logs/old", "purge"},
        {"GET", "/logs/export", "export"},
        {"PUT", "/token/:id/settings", "settings"},
        {"GET", "/a/:x/c", "parameter first"},
        {"GET", "/a/b/:y", "static first"},
    });
}

RouteMatch match(const Router<std::string>& router, std::string method, const std::string& path) {
    Request request;
    request.method = std::move(method);
    request.path = parse_target(path).value().path;
    return router.match(request);
}

std::string handler(const std::string& method, const std::string& path) {
    const Router<std::string> router = table();
    const RouteMatch found = match(router, method, path);
    return found.outcome == Outcome::found ? router.handler(found) : "";
}

}  // namespace

TEST_CASE("A route is found by method and path", "[http][router]") {
    CHECK(handler("GET", "/") == "root");
    CHECK(handler("GET", "/logs") == "list");
    CHECK(handler("GET", "/logs/") == "list");
    CHECK(handler("GET", "/logs/7") == "one");
    CHECK(handler("GET", "/logs/7/") == "one");
    CHECK(handler("PUT", "/token/7/settings") == "settings");
}

TEST_CASE("Fixed segments win over parameters, further left first", "[http][router]") {
    CHECK(handler("GET", "/logs/export") == "export");
    CHECK(handler("GET", "/a/b/c") == "static first");
    CHECK(handler("GET", "/a/z/c") == "parameter first");
}

TEST_CASE("A fixed segment hides a parameter, for other methods too", "[http][router]") {
    CHECK(handler("DELETE", "/logs/old") == "purge");
    CHECK(match(table(), "GET", "/logs/old").outcome == Outcome::method_not_allowed);
}

TEST_CASE("Parameters are decoded and named", "[http][router]") {
    const RouteMatch found = match(table(), "GET", "/logs/a%2Fb%20c");
    REQUIRE(found.outcome == Outcome::found);
    CHECK(found.parameters == std::vector<Field>{{"id", "a/b c"}});
}

TEST_CASE("A path that is not there differs from a method that is not", "[http][router]") {
    for (const char* path :
         {"/nothing", "/logs/1/2", "//logs", "/logs//", "/LOGS", "/token//settings"}) {
        CAPTURE(path);
        CHECK(match(table(), "GET", path).outcome == Outcome::not_found);
    }
    const RouteMatch refused = match(table(), "POST", "/logs/export");
    CHECK(refused.outcome == Outcome::method_not_allowed);
    CHECK(refused.allow == "GET, HEAD");
    CHECK(match(table(), "PATCH", "/logs/old").allow == "DELETE");
    CHECK(match(table(), "get", "/logs").outcome == Outcome::method_not_allowed);
}

TEST_CASE("HEAD is taken where GET is, and only there", "[http][router]") {
    CHECK(handler("HEAD", "/logs/7") == "one");
    CHECK(match(table(), "HEAD", "/token/7/settings").outcome == Outcome::method_not_allowed);
}

TEST_CASE("A table that contradicts itself is refused", "[http][router]") {
    RouteMatcher matcher;
    matcher.add("GET", "/logs/:id");
    CHECK_THROWS_AS(matcher.add("GET", "/logs/:other"), std::logic_error);
    CHECK_THROWS_AS(matcher.add("GET", "logs"), std::logic_error);
    CHECK_NOTHROW(matcher.add("PUT", "/logs/:id"));
}

}  // namespace ccproxy::http
