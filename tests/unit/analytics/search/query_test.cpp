// Whatever is typed becomes an FTS5 expression in which it is nothing but text. That FTS5 takes
// them all is tested with the store.
#include "analytics/search/query.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::analytics {
namespace {

using Catch::Contains;

/// Words of ASCII letters; `#` stands for a lone character of a script without spaces.
TermShape shape_of(std::string_view text) {
    TermShape shape;
    std::size_t letters = 0;
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '#';
        letters = letter ? letters + 1 : 0;
        if (letters == 1) ++shape.tokens;
        if (!letter) continue;
        shape.last_characters = letters;
        shape.ends_unspaced = c == '#';
    }
    return shape;
}

std::string match(std::string_view text) {
    const Result<SearchTerms> terms = parse_search(text, shape_of);
    return terms ? match_expression(*terms) : "error: " + terms.error().message;
}

}  // namespace

TEST_CASE("words are all asked for, each in quotation marks", "[search]") {
    CHECK(match("docker") == R"(("docker"))");
    CHECK(match("  docker\tcompose \n") == R"(("docker" AND "compose"))");
    CHECK(match("a\u3000b") == R"(("a" AND "b"))");
}

TEST_CASE("what FTS5 takes for syntax is text", "[search]") {
    CHECK(match("cats AND dogs") == R"(("cats" AND "AND" AND "dogs"))");
    CHECK(match("OR") == R"(("OR"))");
    CHECK(match("NOT x") == R"(("NOT" AND "x"))");
    CHECK(match("NEAR(a b)") == "(\"NEAR(a\" AND \"b)\")");
    CHECK(match("token:x {prompt}:y ^z + (w") ==
          R"(("token:x" AND "{prompt}:y" AND "^z" AND "(w"))");
    CHECK(match("don't; DROP") == R"(("don't;" AND "DROP"))");
}

TEST_CASE("a phrase is in quotation marks, closed or not", "[search]") {
    CHECK(match(R"("exact words" more)") == R"(("exact words" AND "more"))");
    CHECK(match(R"(more "exact words)") == R"(("more" AND "exact words"))");
    CHECK(match(R"(say"one two"three)") == R"(("say" AND "one two" AND "three"))");
    CHECK(match("\u201Cexact words\u201D") == R"(("exact words"))");
    CHECK(match(R"("" """ a)") == R"((" a"))");
}

TEST_CASE("a star behind a word or a phrase asks for beginnings", "[search]") {
    CHECK(match("conf*") == R"(("conf*" *))");
    CHECK(match(R"("docker comp"*)") == R"(("docker comp" *))");
    CHECK(match("\"docker\"*** x") == R"(("docker" * AND "x"))");
    CHECK(match("*conf c*nf") == R"(("*conf" AND "c*nf"))");
    CHECK(match("c*") == R"(("c*"))");
    CHECK(match("* x") == R"(("x"))");
}

TEST_CASE("a lone character of a script without spaces is a beginning", "[search]") {
    CHECK(match("#") == R"(("#" *))");
    CHECK(match("abc #") == R"(("abc" AND "#" *))");
    CHECK(match("##") == R"(("##"))");
}

TEST_CASE("a minus excludes, when there is something to exclude from", "[search]") {
    CHECK(match("cats -dogs") == R"((("cats") NOT ("dogs")))");
    CHECK(match(R"(-dogs cats -"big ones" -rat*)") ==
          R"((("cats") NOT ("dogs" OR "big ones" OR "rat*" *)))");
    CHECK(match("-dogs -cats") == R"(("dogs" AND "cats"))");
    CHECK(match("ls --all") == R"(("ls" AND "--all"))");
    CHECK(match("a - b") == R"(("a" AND "b"))");
    CHECK(match("well-known -") == R"(("well-known"))");
}

TEST_CASE("what holds no token is left out, and nothing but that is refused", "[search]") {
    CHECK(match("a && b") == R"(("a" AND "b"))");
    CHECK(match("a -!!") == R"(("a"))");
    for (const char* text : {"", " ", "\"", "\"\"", "*", "-", "!?", "\xF0\x9F\x98\x80"}) {
        CAPTURE(text);
        CHECK(match(text) == "error: q: holds no word to search for");
    }
}

TEST_CASE("a text beyond the limits, or ill-formed, is refused", "[search]") {
    CHECK(match(std::string(max_search_bytes, 'a')) ==
          "(\"" + std::string(max_search_bytes, 'a') + "\")");
    CHECK_THAT(match(std::string(max_search_bytes + 1, 'a')), Contains("q: must not be longer"));
    std::string words;
    for (std::size_t i = 0; i < max_search_terms; ++i) words += "word ";
    CHECK_THAT(match(words), !Contains("error"));
    CHECK_THAT(match(words + "word"), Contains("q: must not hold more than 32"));
    CHECK_THAT(match("a\xFF"), Contains("q: must be UTF-8"));
}

TEST_CASE("NUL and the owner's mark are spaces", "[search]") {
    CHECK(match(std::string("a\0b", 3)) == R"(("a" AND "b"))");
    CHECK(match("\xEE\x80\x80 abc\xEE\x80\x80*") == R"(("abc"))");
}

}  // namespace ccproxy::analytics
