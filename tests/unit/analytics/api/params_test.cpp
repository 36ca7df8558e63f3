#include "analytics/api/params.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::analytics {
namespace {

using Query = std::vector<http::Field>;

/// What is wrong after `read` has asked for what it knows; empty when nothing is.
template <class Read>
std::string problem(const Query& query, Read read) {
    Params params(query);
    read(params);
    const auto error = params.error();
    return error ? error->message : "";
}

}  // namespace

TEST_CASE("Good parameters give their values", "[api][params]") {
    const Query query{{"t", "a b"}, {"b", "false"},      {"i", "-7"},
                      {"c", "two"}, {"f", "2026-02-28"}, {"u", "2026-02-28"}};
    Params params(query);
    CHECK(params.text("t") == "a b");
    CHECK(params.boolean("b") == false);
    CHECK(params.integer("i", -7, 7) == -7);
    CHECK(params.choice("c", {"one", "two"}) == "two");
    const auto from = params.from_date("f");
    const auto to = params.to_date("u");
    REQUIRE((from && to));
    CHECK(*to - *from == 86'400'000);
    CHECK_FALSE(params.text("absent"));
    CHECK_FALSE(params.error());
}

TEST_CASE("An RFC 3339 bound is that moment on both sides", "[api][params]") {
    const Query query{{"f", "2026-02-28T10:00:00Z"}, {"u", "2026-02-28T10:00:00Z"}};
    Params params(query);
    CHECK(params.from_date("f") == params.to_date("u"));
}

TEST_CASE("An unknown parameter is named", "[api][params]") {
    const auto nothing = [](Params&) {};
    CHECK(problem({{"x", "1"}}, nothing) == "x: is not a parameter of this call");
    CHECK(problem({{"", "1"}}, nothing).starts_with(":"));
    const std::string endless(5000, 'n');
    CHECK(problem({{endless, ""}}, nothing).size() < 200);
    CHECK(problem({}, nothing).empty());
}

TEST_CASE("A repeated or empty parameter is named", "[api][params]") {
    const auto text = [](Params& params) { CHECK_FALSE(params.text("x")); };
    CHECK(problem({{"x", "1"}, {"x", "1"}}, text) == "x: is given more than once");
    CHECK(problem({{"x", ""}}, text) == "x: must not be empty");
    CHECK(problem({{"x", std::string(257, 'a')}}, text).starts_with("x: must not be longer"));
    const auto exact = [](Params& params) { CHECK(params.text("x")); };
    CHECK(problem({{"x", std::string(256, 'a')}}, exact).empty());
}

TEST_CASE("A malformed number is named", "[api][params]") {
    for (const char* value : {"a", "1a", " 1", "1 ", "+1", "0x1", "1.0", "1e3", "-1", "101", "--1",
                              "99999999999999999999"}) {
        CAPTURE(value);
        CHECK(problem({{"n", value}}, [](Params& params) {
                  CHECK_FALSE(params.integer("n", 0, 100));
              }) == "n: must be a whole number from 0 to 100");
    }
}

TEST_CASE("A malformed choice, truth value or date is named", "[api][params]") {
    for (const char* value : {"True", "1", "yes", "true "}) {
        CAPTURE(value);
        CHECK(problem({{"b", value}}, [](Params& params) { CHECK_FALSE(params.boolean("b")); }) ==
              "b: must be true or false");
    }
    CHECK(problem({{"c", "four"}}, [](Params& params) {
              CHECK_FALSE(params.choice("c", {"one", "two", "three"}));
          }) == "c: must be one, two or three");
    for (const char* value : {"yesterday", "2026-02-30", "2026-02-28T10", "1772323199007"}) {
        CAPTURE(value);
        CHECK(problem({{"d", value}}, [](Params& params) {
                  CHECK_FALSE(params.from_date("d"));
              }).starts_with("d: must be a date"));
        CHECK(problem({{"d", value}}, [](Params& params) {
                  CHECK_FALSE(params.to_date("d"));
              }).starts_with("d: must be a date"));
    }
}

TEST_CASE("The first problem is the one that is told", "[api][params]") {
    CHECK(problem({{"a", "x"}, {"b", "x"}}, [](Params& params) {
              params.integer("b", 0, 1);
              params.integer("a", 0, 1);
          }).starts_with("b:"));
}

}  // namespace ccproxy::analytics
