#include "analytics/search/snippet.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "common/utf8.hpp"
#include "tests/unit/analytics/search/plain_words.hpp"

namespace ccproxy::analytics {
namespace {

using Catch::Contains;
using Catch::StartsWith;

void split(std::string_view text, const TokenSink& sink) {
    split_tokens(text, TokenUse::document, test::split_plain_words, sink);
}

Snippet snippet(const std::string& text, const std::vector<SnippetTerm>& terms) {
    return make_snippet(text, terms, split);
}

SnippetTerm words(std::vector<std::string> tokens, bool prefix = false) {
    return {std::move(tokens), prefix};
}

std::string filler(std::size_t words) {
    std::string text;
    for (std::size_t i = 0; i < words; ++i) text += "filler ";
    return text;
}

}  // namespace

TEST_CASE("what was searched is marked", "[search]") {
    CHECK(snippet("Run docker compose now", {words({"docker"})}).html ==
          "Run <mark>docker</mark> compose now");
    CHECK(snippet("Docker, docker!", {words({"docker"})}).html ==
          "<mark>Docker</mark>, <mark>docker</mark>!");
    CHECK(snippet("a b c a b", {words({"a", "b"})}).html == "<mark>a b</mark> c <mark>a b</mark>");
    CHECK(snippet("a b c b", {words({"b", "c"}), words({"a"})}).html ==
          "<mark>a</mark> <mark>b c</mark> b");
    CHECK(snippet("configure the config", {words({"conf"}, true)}).html ==
          "<mark>configure</mark> the <mark>config</mark>");
    CHECK(snippet("call setTimeout now", {words({"timeout"})}).html ==
          "call <mark>setTimeout</mark> now");
}

TEST_CASE("of a phrase nothing less is marked", "[search]") {
    CHECK(snippet("a c b a", {words({"a", "b"})}).html == "a c b a");
    CHECK(snippet("a b", {words({"a", "b", "c"})}).html == "a b");
    CHECK(snippet("a a b", {words({"a", "b"})}).html == "a <mark>a b</mark>");
    CHECK(snippet("a conf b", {words({"a", "co", "b"}, true)}).html == "a conf b");
}

TEST_CASE("Chinese is marked by its characters", "[search]") {
    CHECK(snippet("连接到数据库了", {words({"数据", "据库"})}).html ==
          "连接到<mark>数据库</mark>了");
    CHECK(snippet("连接到数据库了", {words({"数"}, true)}).html == "连接到<mark>数</mark>据库了");
    CHECK(snippet("数据数据", {words({"数据"})}).html == "<mark>数据数据</mark>");
    CHECK(snippet("了", {words({"了"}, true)}).html == "<mark>了</mark>");
}

TEST_CASE("nothing in it is markup but the marks", "[search]") {
    CHECK(snippet("<script>x & 'y'</script> \"z\"", {words({"script"})}).html ==
          "&lt;<mark>script</mark>&gt;x &amp; &#39;y&#39;&lt;/<mark>script</mark>&gt; "
          "&quot;z&quot;");
    CHECK(snippet("<mark>a</mark>", {words({"a"})}).html ==
          "&lt;mark&gt;<mark>a</mark>&lt;/mark&gt;");
}

TEST_CASE("white space and control characters are one blank", "[search]") {
    CHECK(snippet("\n a\r\n\t b \x01 c\n", {words({"b"})}).html == "a <mark>b</mark> c");
}

TEST_CASE("of a long text the place with the most terms is shown", "[search]") {
    const std::string text = "first here. " + filler(100) + "second with first " + filler(100);
    const Snippet found = snippet(text, {words({"first"}), words({"second"})});
    CHECK_THAT(found.html, StartsWith("\u2026filler ") && Contains("<mark>second</mark> with") &&
                               Contains("with <mark>first</mark>") && Catch::EndsWith("\u2026"));
    CHECK((found.terms == 2 && found.marks == 2));
    CHECK(found.html.size() < max_snippet_bytes + 60);
}

TEST_CASE("without a mark the beginning is shown", "[search]") {
    const Snippet found = snippet("begin " + filler(100), {words({"absent"})});
    CHECK_THAT(found.html, StartsWith("begin filler") && Catch::EndsWith("filler\u2026"));
    CHECK(found.terms == 0);
    CHECK(snippet("", {words({"absent"})}).html.empty());
}

TEST_CASE("a word that is longer than the snippet is cut", "[search]") {
    const Snippet found = snippet(std::string(5000, 'x') + " y", {words({"x"}, true)});
    CHECK_THAT(found.html, StartsWith("<mark>xxx") && Catch::EndsWith("x</mark>\u2026"));
    CHECK(found.html.size() < max_snippet_bytes + 30);
    const Snippet inside = snippet(filler(50) + std::string(5000, 'x'), {words({"x"}, true)});
    CHECK_THAT(inside.html, Contains("<mark>xxx"));
}

TEST_CASE("what is beyond the searched part is not marked", "[search]") {
    std::string text(max_snippet_text_bytes, ' ');
    text += "late";
    CHECK(snippet(text, {words({"late"})}).terms == 0);
}

TEST_CASE("from any text comes well-formed text with marks in pairs", "[search]") {
    std::mt19937 random(3);
    static const std::vector<std::string> pieces{
        "数",     "据",         "a", "b ", "<",   "&",   "\n",  "é",      " ", "\"",
        "fooBar", "\U00020000", ".", "库", "foo", "bar", "a b", "\u3000", "'"};
    const std::vector<SnippetTerm> terms{words({"a"}),         words({"数据", "据库"}),
                                         words({"foo"}, true), words({"a", "b"}),
                                         words({"据"}, true),  words({"bar"})};
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (auto left = random() % 400; left > 0; --left) {
            text += pieces[random() % pieces.size()];
        }
        const std::string html = snippet(text, terms).html;
        CAPTURE(round, text, html);
        bool good = is_utf8(html) && html.size() < 8 * max_snippet_bytes;
        bool open = false;
        for (std::size_t at = html.find('<'); at != std::string::npos;
             at = html.find('<', at + 1)) {
            good = good && html.compare(at, open ? 7 : 6, open ? "</mark>" : "<mark>") == 0;
            open = !open;
        }
        REQUIRE((good && !open));
    }
}

}  // namespace ccproxy::analytics
