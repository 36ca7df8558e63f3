// What is in the store is found by its words, the best first, page by page; what is deleted is not.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "tests/unit/analytics/store/search_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

TEST_CASE("a conversation is found by its prompt and by its answer", "[search]") {
    SearchFixture f;
    f.say(1, "How do I open a window?", "Push the handle.");
    f.say(2, "What is the weather?", "Rain. Close the window.");
    CHECK(f.find("weather") == Numbers{2});
    CHECK(f.find("HANDLE") == Numbers{1});
    CHECK(f.sorted("window") == Numbers{1, 2});
    CHECK(f.find("window rain") == Numbers{2});
    CHECK(f.find("\"open a window\"") == Numbers{1});
    CHECK(f.find("\"window open\"").empty());
    CHECK(f.find("weath*") == Numbers{2});
    CHECK(f.find("weath").empty());
    CHECK(f.find("window -rain") == Numbers{1});
    CHECK(f.find("handle weather").empty());
}

TEST_CASE("only the last message of the user and the answer are searched", "[search]") {
    SearchFixture f;
    f.add(ConversationFixture::make_turn(
        1, {said("user", "apples"), said("assistant", "pears"), said("user", "plums")},
        said("assistant", "figs"), R"("grapes")"));
    CHECK(f.find("plums") == Numbers{1});
    CHECK(f.find("figs") == Numbers{1});
    for (const char* word : {"apples", "pears", "grapes", "user", "assistant", "text"}) {
        CHECK(f.find(word).empty());
    }
}

TEST_CASE("Chinese is found by two characters, by more, and beside other words", "[search]") {
    SearchFixture f;
    f.say(1, "如何在Python中连接数据库？", "使用连接池。");
    f.say(2, "今天天气怎么样？", "晴天");
    for (const char* typed :
         {"数据", "数据库", "连接 python", "连接池", "据库", "\"使用连接池\""}) {
        CAPTURE(typed);
        CHECK(f.find(typed) == Numbers{1});
    }
    CHECK(f.find("天气") == Numbers{2});
    CHECK(f.find("库数").empty());
    CHECK(f.page("数据库").conversations[0].snippet == "如何在Python中连接<mark>数据库</mark>？");
}

TEST_CASE("what is typed is text, whatever it holds", "[search]") {
    SearchFixture f;
    f.say(1, "rock AND roll (live) NEAR me: prompt^2 it's 50% {off} a-b C++", "yes");
    for (const char* typed : {"AND",
                              "rock AND roll",
                              "NEAR me",
                              "roll (live) NEAR(me)",
                              "(live",
                              "live)",
                              "prompt:",
                              "\"rock and",
                              "roll\"",
                              "it's",
                              "50%",
                              "{off}",
                              "a-b",
                              "C++",
                              "rock *",
                              "* roll",
                              "^2",
                              "prompt^2",
                              "rock \"\" roll",
                              "rock -",
                              "- rock",
                              "rock\trol*",
                              "rock + roll",
                              "'rock'"}) {
        CAPTURE(typed);
        CHECK(f.find(typed) == Numbers{1});
    }
    CHECK(f.find("rock OR jazz").empty());
    CHECK(f.find("completion : yes").empty());
    for (const char* typed : {"\"", "*", "-", "()", "\"\"", "- -", "* \" ^", "。", " "}) {
        CAPTURE(typed);
        CHECK(f.failure(typed).starts_with("q: "));
    }
    CHECK(f.failure("\xFF").starts_with("q: "));
    CHECK(f.failure(std::string(max_search_bytes + 1, 'a')).starts_with("q: "));
}

TEST_CASE("a token sees its own conversations only", "[search]") {
    SearchFixture f;
    f.say(1, "shared word", "one", "token-1");
    f.say(2, "shared word", "two", "token-2");
    f.say(3, "shared word", "three", "token-2");
    CHECK(f.sorted("shared", "token-1") == Numbers{1});
    CHECK(f.sorted("shared", "token-2") == Numbers{2, 3});
    CHECK(f.page("shared", "token-2").total == 2);
    CHECK(f.sorted("shared") == Numbers{1, 2, 3});
    CHECK(f.find("one", "token-2").empty());
    CHECK(f.find("shared", "token").empty());
    CHECK(f.find("shared", "token-1\" OR \"x").empty());
    CHECK(f.sorted("shared -three", "token-2") == Numbers{2});
    // No word finds the column that tells them apart.
    CHECK(f.find("token-1").empty());
    CHECK(f.failure("\uE000").starts_with("q: "));
    CHECK(f.find("\uE000"
                 "746F6B656E2D31")
              .empty());
}

TEST_CASE("the best comes first", "[search]") {
    SearchFixture f;
    const std::string filler = " and a lot of words that nobody has asked for in any search at all";
    f.say(1, "sqlite" + filler, "ok");
    f.say(2, "sqlite sqlite sqlite", "ok");
    f.say(3, "postgres" + filler, "sqlite" + filler + filler);
    CHECK(f.find("sqlite") == Numbers{2, 1, 3});
    // The rarer word decides.
    f.say(4, "sqlite sqlite vacuum", "ok");
    f.say(5, "sqlite vacuum vacuum", "ok");
    CHECK(f.find("sqlite vacuum") == Numbers{5, 4});
}

TEST_CASE("a find shows what it is and why it was found", "[search]") {
    SearchFixture f;
    f.say(1, "say <b>hello</b>", "hello & hello");
    const FoundConversation found = f.page("hello").conversations.at(0);
    CHECK(found.in_completion);
    CHECK(found.snippet == "<mark>hello</mark> &amp; <mark>hello</mark>");
    CHECK(found.summary.id == make_event(1).id);
    CHECK(found.summary.token_id == "token-1");
    CHECK(found.summary.prompt_preview == "say <b>hello</b>");
    CHECK(found.summary.message_count == 1);
    const FoundConversation asked = f.page("say hello").conversations.at(0);
    CHECK_FALSE(asked.in_completion);
    CHECK(asked.snippet == "<mark>say</mark> &lt;b&gt;<mark>hello</mark>&lt;/b&gt;");
}

TEST_CASE("pages follow each other, each find once, whatever comes meanwhile", "[search]") {
    SearchFixture f;
    for (unsigned number = 1; number <= 25; ++number) {
        f.say(number, "word number" + std::to_string(number), "ok");
    }
    const Numbers all = f.find("word");
    REQUIRE(all.size() == 25);
    Numbers seen;
    SearchRequest request{"word", std::nullopt, 0, 10, ""};
    for (int page = 0; page < 3; ++page) {
        const SearchPage found = f.store->search_conversations(request).value();
        CHECK(found.total == 25);
        CHECK(found.total_is_exact);
        for (const auto& entry : found.conversations) seen.push_back(number_of(entry));
        f.say(100 + static_cast<unsigned>(page), "word word word", "came later");
        request.cursor = found.next_cursor;
        CHECK(found.next_cursor.empty() == (page == 2));
    }
    CHECK(seen == all);
    CHECK(f.page("word", std::nullopt, 28).next_cursor.empty());
    CHECK_FALSE(f.page("word", std::nullopt, 27).next_cursor.empty());
}

TEST_CASE("more than a stretch is found page by page too, the newer stretch first", "[search]") {
    SearchFixture f;
    const auto count = static_cast<unsigned>(2 * search_stretch + 50);
    f.say_many(1, count, "common");
    SearchRequest request{"common", std::nullopt, 0, 999, ""};
    std::set<std::int64_t> seen;
    std::size_t pages = 0;
    do {
        const SearchPage page = f.store->search_conversations(request).value();
        CHECK(page.total == count);
        for (const auto& entry : page.conversations) {
            const std::int64_t number = number_of(entry);
            CHECK(seen.insert(number).second);
            if (pages < 2) CHECK(number > search_stretch + 50);
        }
        request.cursor = page.next_cursor;
        ++pages;
    } while (!request.cursor.empty());
    CHECK(seen.size() == count);
    CHECK(pages == 5);
    CHECK(f.page("common nothing").total == 0);
}

TEST_CASE("pages have numbers too, up to a depth", "[search]") {
    SearchFixture f;
    const auto count = static_cast<unsigned>(search_stretch + 300);
    f.say_many(1, count, "common");
    const Numbers first = f.find("common");
    Numbers seen;
    for (std::int64_t number = 0; number < 3; ++number) {
        const SearchRequest request{"common", std::nullopt, number, 900, ""};
        const SearchPage page = f.store->search_conversations(request).value();
        CHECK(page.total == count);
        CHECK(page.next_cursor.empty() == (number == 2));
        for (const auto& entry : page.conversations) seen.push_back(number_of(entry));
    }
    CHECK(seen.size() == count);
    CHECK(std::equal(first.begin(), first.end(), seen.begin()));
    const auto at = [&](std::int64_t page, std::int64_t limit) {
        return f.store->search_conversations({"common", std::nullopt, page, limit, ""});
    };
    CHECK(at(9, 1000).value().conversations.empty());
    CHECK(at(9, 1000).value().next_cursor.empty());
    for (const std::int64_t page : {std::int64_t{-1}, std::int64_t{10}, INT64_MAX}) {
        CHECK(at(page, 1000).error().message.starts_with("page: "));
    }
}

TEST_CASE("a cursor belongs to its search", "[search]") {
    SearchFixture f;
    for (unsigned number = 1; number <= 5; ++number) f.say(number, "word other", "ok");
    const std::string cursor = f.page("word", std::nullopt, 2).next_cursor;
    REQUIRE_FALSE(cursor.empty());
    const auto failure = [&](const SearchRequest& request) {
        const auto page = f.store->search_conversations(request);
        return page ? "" : page.error().message;
    };
    CHECK(failure({"word", std::nullopt, 0, 2, cursor}).empty());
    CHECK(failure({"word", std::nullopt, 0, 5, cursor}).empty());
    CHECK(failure({"other", std::nullopt, 0, 2, cursor}).starts_with("cursor: "));
    CHECK(failure({"word", "token-1", 0, 2, cursor}).starts_with("cursor: "));
    CHECK(failure({"word", std::nullopt, 0, 2, "x"}).starts_with("cursor: "));
    CHECK(failure({"word", std::nullopt, 0, 0, ""}).starts_with("limit: "));
}
