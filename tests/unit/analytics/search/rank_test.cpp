#include "analytics/search/rank.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t usual_tokens = 100;

std::vector<std::int64_t> order(const std::vector<Candidate>& candidates,
                                const std::string& weights) {
    std::vector<std::int64_t> numbers;
    for (const Ranked& entry : rank(candidates, {weights, usual_tokens})) {
        numbers.push_back(entry.number);
    }
    return numbers;
}

int eighths(char weight) {
    return static_cast<unsigned char>(weight);
}

using Numbers = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("more hits, shorter texts and rarer terms come first", "[search]") {
    CHECK(order({{1, 100, "\1"}, {2, 100, "\5"}, {3, 100, "\2"}}, "\10") == Numbers{2, 3, 1});
    CHECK(order({{1, 1000, "\2"}, {2, 50, "\2"}, {3, 200, "\2"}}, "\10") == Numbers{2, 3, 1});
    const std::string weights{term_weight(1000, 900), term_weight(1000, 3)};
    CHECK(order({{1, 100, "\2\1"}, {2, 100, "\1\2"}}, weights) == Numbers{2, 1});
}

TEST_CASE("what is alike comes newest first", "[search]") {
    CHECK(order({{1, 10, "\1"}, {3, 10, "\1"}, {2, 10, "\1"}}, "\10") == Numbers{3, 2, 1});
}

TEST_CASE("the hits of a term count less the more there are", "[search]") {
    const std::vector<Ranked> ranked =
        rank({{1, 10, "\1"}, {2, 10, "\2"}, {3, 10, "\xFF"}}, {"\10", 10});
    REQUIRE(ranked.size() == 3);
    CHECK(ranked[0].score < 2.2);  // Never more than k1 + 1.
    CHECK(ranked[1].score < 2 * ranked[2].score);
}

TEST_CASE("a score stays the same from page to page, whatever else is ranked", "[search]") {
    const Candidate one{1, 30, "\1\3"};
    const RankScale scale{"\10\20", 50};
    const Ranked alone = rank({one}, scale).front();
    const std::vector<Ranked> among = rank({{2, 10, "\7\7"}, one, {3, 900, "\1\1"}}, scale);
    CHECK(std::find(among.begin(), among.end(), alone) != among.end());
    CHECK(is_before(among[0], among[1]));
    CHECK_FALSE(is_before(among[1], among[0]));
    CHECK_FALSE(is_before(alone, alone));
}

TEST_CASE("a weight is at least 1, whatever the counts", "[search]") {
    CHECK(eighths(term_weight(0, 0)) >= 1);
    CHECK(eighths(term_weight(10, 10)) >= 1);
    CHECK(eighths(term_weight(10, 5000)) >= 1);
    CHECK(eighths(term_weight(INT64_MAX, 0)) > eighths(term_weight(1000, 1)));
    CHECK(eighths(term_weight(1000, 1)) > eighths(term_weight(1000, 10)));
}

TEST_CASE("the usual length is that of the candidates, and at least 1", "[search]") {
    CHECK(average_tokens({{1, 10, ""}, {2, 30, ""}}) == 20);
    CHECK(average_tokens({{1, 0, ""}}) == 1);
    CHECK(average_tokens({}) == 1);
}

TEST_CASE("nothing, and candidates without hits, can be ranked", "[search]") {
    CHECK(order({}, "\10").empty());
    CHECK(order({{1, 0, ""}, {2, 0, std::string(1, '\0')}}, "\10\10") == Numbers{2, 1});
    CHECK(rank({{1, 5, "\1"}}, {"\10", 0}).front().score > 0);
}

}  // namespace ccproxy::analytics
