#include "analytics/search/tokens.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/analytics/search/plain_words.hpp"

namespace ccproxy::analytics {
namespace {

struct Kept {
    std::string text;
    std::size_t begin, end;
    bool same_place;
};

std::vector<Kept> split(std::string_view text, TokenUse use) {
    std::vector<Kept> tokens;
    split_tokens(text, use, test::split_plain_words, [&](const Token& token) {
        tokens.push_back({std::string(token.text), token.begin, token.end, token.same_place});
        return 0;
    });
    return tokens;
}

/// Tokens behind blanks; parts of the one before behind a plus.
std::string shown(std::string_view text, TokenUse use = TokenUse::document) {
    std::string line;
    for (const Kept& token : split(text, use)) {
        if (!line.empty()) line += token.same_place ? '+' : ' ';
        line += token.text;
    }
    return line;
}

}  // namespace

TEST_CASE("words are the splitter's, with their parts in documents", "[search]") {
    CHECK(shown("Docker compose, up!") == "docker compose up");
    CHECK(shown("call getUserName()") == "call getusername+get+user+name");
    CHECK(shown("call getUserName()", TokenUse::query) == "call getusername");
    CHECK(shown("snake_case") == "snake case");
    CHECK(shown("").empty());
}

TEST_CASE("each character of a script without spaces begins a token", "[search]") {
    CHECK(shown("数据库") == "数据 据库 库");
    CHECK(shown("数") == "数");
    CHECK(shown("你好, 世界") == "你好 好 世界 界");
    CHECK(shown("在Python中使用") == "在 python 中使 使用 用");
    CHECK(shown("東京タワー") == "東京 京タ タワ ワー ー");
    CHECK(shown("검색 기능") == "검색 색 기능 능");
    CHECK(shown("\U00020000\U0002A6DF\u9FFF") == "\U00020000\U0002A6DF \U0002A6DF\u9FFF \u9FFF");
}

TEST_CASE("a query leaves out the lone end of its last run only", "[search]") {
    CHECK(shown("数据库", TokenUse::query) == "数据 据库");
    CHECK(shown("数据", TokenUse::query) == "数据");
    CHECK(shown("数", TokenUse::query) == "数");
    CHECK(shown("你好, 世界.", TokenUse::query) == "你好 好 世界");
    CHECK(shown("使用Python", TokenUse::query) == "使用 用 python");
}

TEST_CASE("tokens say which bytes they stand for", "[search]") {
    const std::vector<Kept> tokens = split("a 数据 fooBar", TokenUse::document);
    REQUIRE(tokens.size() == 6);
    CHECK((tokens[1].begin == 2 && tokens[1].end == 8));
    CHECK((tokens[2].begin == 5 && tokens[2].end == 8));
    CHECK((tokens[3].begin == 9 && tokens[3].end == 15));
    CHECK((tokens[5].text == "bar" && tokens[5].begin == 12 && tokens[5].end == 15));
}

TEST_CASE("a long word is cut, at a character", "[search]") {
    CHECK(shown(std::string(1'000'000, 'x')).size() == max_token_bytes);
    std::string word = "x";
    while (word.size() <= max_token_bytes) word += "é";
    CHECK(shown(word).size() == max_token_bytes - 1);
}

TEST_CASE("the sink ends the work, with its code", "[search]") {
    for (const char* text : {"one two", "数据库", "fooBar two"}) {
        int taken = 0;
        const int code =
            split_tokens(text, TokenUse::document, test::split_plain_words, [&](const Token&) {
                ++taken;
                return taken == 2 ? 7 : 0;
            });
        CHECK((code == 7 && taken == 2));
    }
}

TEST_CASE("any bytes give tokens in order and inside the text, the same for query and document",
          "[search]") {
    std::mt19937 random(5);
    static const std::vector<std::string> pieces{
        "数", "据", "库",       "a",    "fooBar",     "URL",     "é",
        " ",  "，", "\xE4",     "\xB8", "\0",         "\xFF",    "\xED",
        "カ", "ー", "\xF0\xA0", "\xF0", "\U00020000", "e\u0301", "_",
        "-",  "\"", "한",       "ไทย",  "\u3006",     "\xC3",    "9"};
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (auto left = random() % 12; left > 0; --left) text += pieces[random() % pieces.size()];
        if (random() % 8 == 0) text += static_cast<char>(random() & 0xFF);
        CAPTURE(round, text);
        const std::vector<Kept> in_document = split(text, TokenUse::document);
        const std::vector<Kept> in_query = split(text, TokenUse::query);
        std::size_t before = 0;
        bool good = true;
        std::vector<std::string> places;
        for (const Kept& token : in_document) {
            good = good && !token.text.empty() && token.text.size() <= max_token_bytes &&
                   token.begin < token.end && token.end <= text.size();
            if (token.same_place) continue;
            good = good && token.begin >= before;
            before = token.begin;
            places.push_back(token.text);
        }
        // A query is the document's beginning: all but a lone end.
        good = good && in_query.size() <= places.size() && in_query.size() + 1 >= places.size();
        for (std::size_t i = 0; good && i < in_query.size(); ++i) {
            good = in_query[i].text == places[i];
        }
        REQUIRE(good);
    }
}

}  // namespace ccproxy::analytics
