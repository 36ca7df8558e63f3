// The index follows the conversations: through deletion, retention, compression, restarts, and from
// before there was one.
#include "analytics/store/sqlite/search_index.hpp"

#include <catch2/catch.hpp>

#include "analytics/store/sqlite/conversation_removal.hpp"
#include "tests/unit/analytics/store/search_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

std::int64_t indexed_terms(const SearchFixture& f) {
    SQLite::Database database = open_for_writing(f.path);
    database.exec(
        "CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, conversation_search, row)");
    SQLite::Statement row(database, "SELECT count(*) FROM temp.terms");
    row.executeStep();
    return row.getColumn(0).getInt64();
}

}  // namespace

TEST_CASE("what is deleted is out of the index at once", "[search]") {
    SearchFixture f;
    f.say(1, "apple one", "red");
    f.say(2, "apple two", "green");
    f.say(3, "apple three", "blue", "token-2");
    f.say(4, "apple four", "black", "token-2");
    SECTION("one of them") {
        CHECK(f.writer->delete_conversation(make_event(1).id));
        CHECK(f.find("one").empty());
        CHECK(f.sorted("apple") == Numbers{2, 3, 4});
    }
    SECTION("those of a token, step by step") {
        CHECK(f.writer->delete_conversations_of_token("token-2", 1) == 1);
        CHECK(f.find("apple", "token-2").size() == 1);
        CHECK(f.writer->delete_conversations_of_token("token-2", 10) == 1);
        CHECK(f.find("apple", "token-2").empty());
        CHECK(f.sorted("apple") == Numbers{1, 2});
    }
    SECTION("the old ones") {
        CHECK(f.writer->delete_conversations_before(make_event(1).request_at_ms + 1, 3) == 3);
        CHECK(f.find("apple") == Numbers{4});
        CHECK(f.writer->delete_conversations_before(make_event(1).request_at_ms + 1, 3) == 1);
        CHECK(indexed_terms(f) == 0);
    }
    CHECK(f.damage().empty());
    f.writer->collect_conversation_garbage(1000);
    CHECK(f.damage().empty());
}

TEST_CASE("a batch may leave its conversations for later", "[search]") {
    SearchFixture f;
    f.say(1, "apple one", "red");
    f.writer->append({make_item(2, SearchFixture::make_said(2, "apple two", "green")),
                      make_item(3, SearchFixture::make_said(3, "apple three", "blue"))},
                     Indexing::later);
    CHECK(f.find("apple") == Numbers{1});
    CHECK(f.writer->delete_conversation(make_event(3).id));
    SECTION("until it is asked for") {
        f.writer->index_conversations();
        f.writer->index_conversations();
    }
    SECTION("until a batch that does not") {
        f.writer->append({make_item(4, make_event(4))});
    }
    SECTION("until the next start") {
        f.writer.reset();
        f.writer = f.open("UTC");
    }
    CHECK(f.sorted("apple") == Numbers{1, 2});
    CHECK(f.damage().empty());
}

TEST_CASE("the words of what is deleted leave the file in small steps", "[search]") {
    SearchFixture f;
    const auto bytes = [&] {
        return std::stoll(
            f.query("SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'conversation_search%'"));
    };
    std::vector<IngestItem> items;
    for (unsigned i = 1; i <= 1000; ++i) {
        std::string words;
        for (unsigned word = 0; word < 50; ++word)
            words += " secret" + std::to_string(i * 100 + word);
        items.push_back(make_item(i, SearchFixture::make_said(i, words, "ok")));
    }
    f.writer->append(items);
    const auto full = bytes();
    CHECK_FALSE(f.writer->compact_search(4));
    CHECK(f.writer->delete_conversations_before(INT64_MAX, 50) == 50);
    CHECK_FALSE(f.writer->compact_search(4));
    CHECK(f.writer->delete_conversations_before(INT64_MAX, 450) == 450);
    int steps = 0;
    while (f.writer->compact_search(4)) {
        if (++steps == 3) {
            // In the middle of it, what comes in is found and a restart goes on.
            f.say_many(2000, 1, "newcomer");
            f.writer.reset();
            f.writer = f.open("UTC");
        }
        REQUIRE(steps < 10'000);
    }
    CHECK(steps > 5);
    CHECK(bytes() < full * 3 / 4);
    CHECK(f.page("secret*").total == 500);
    CHECK(f.find("newcomer").size() == 1);
    CHECK(f.find("secret100000").size() == 1);
    CHECK(f.damage().empty());
    CHECK_FALSE(f.writer->compact_search(4));
    CHECK(f.query("SELECT value FROM counters WHERE name = 'search_removed'") == "0");
}

TEST_CASE("a message that two conversations share is found in the one that stays", "[search]") {
    SearchFixture f;
    f.say(1, "the same words", "ok");
    f.say(2, "the same words", "ok");
    f.writer->delete_conversation(make_event(1).id);
    f.writer->collect_conversation_garbage(1000);
    CHECK(f.find("same") == Numbers{2});
    f.writer->delete_conversation(make_event(2).id);
    CHECK(indexed_terms(f) == 0);
    CHECK(f.damage().empty());
}

TEST_CASE("what is compressed is found and deleted as before", "[search]") {
    SearchFixture f;
    std::string words = "needle";
    for (int i = 0; i < 200; ++i) words += " hay and straw";
    f.say(1, words, "ok");
    f.say(2, "needle", "ok");
    const std::string snippet = f.page("straw").conversations.at(0).snippet;
    int packs = 0;
    while (const auto pack = f.reader()->next_pack(INT64_MAX)) {
        REQUIRE(f.writer->write_pack(*pack));
        REQUIRE(++packs < 10);
    }
    REQUIRE(f.query("SELECT count(*) FROM message_bodies") == "0");
    CHECK(f.sorted("needle") == Numbers{1, 2});
    const FoundConversation found = f.page("straw").conversations.at(0);
    CHECK(found.summary.is_compressed);
    CHECK(found.snippet == snippet);
    CHECK(f.damage().empty());
    CHECK(f.writer->delete_conversation(make_event(1).id));
    CHECK(f.find("straw").empty());
    CHECK(f.find("needle") == Numbers{2});
    CHECK(f.damage().empty());
}

TEST_CASE("a body that cannot be read stops neither search nor deletion", "[search]") {
    SearchFixture f;
    f.say(1, "lost words", "also");
    f.say(2, "kept words", "too");
    open_for_writing(f.path).exec(
        "UPDATE message_bodies SET body = x'00', encoding = 77 WHERE message IN "
        "(SELECT prompt FROM conversations WHERE number = 1)");
    CHECK(f.sorted("words") == Numbers{1, 2});
    CHECK(f.writer->delete_conversation(make_event(1).id));
    CHECK(f.find("kept") == Numbers{2});
    CHECK(f.find("words") == Numbers{2});
}

TEST_CASE("conversations without a prompt or an answer are no obstacle", "[search]") {
    SearchFixture f;
    f.add(ConversationFixture::make_turn(1, {said("user", "no answer came")}, ""));
    f.add(ConversationFixture::make_turn(2, {}, said("assistant", "unasked")));
    f.add(ConversationFixture::make_turn(3, {}, ""));
    CHECK(f.find("answer") == Numbers{1});
    CHECK(f.find("unasked") == Numbers{2});
    CHECK(f.page("unasked").conversations.at(0).in_completion);
    CHECK(f.damage().empty());
    CHECK(f.writer->delete_conversations_of_token("token-1", 10) == 3);
    CHECK(indexed_terms(f) == 0);
}

TEST_CASE("conversations from before the index are taken in at the start, once", "[search]") {
    SearchFixture f;
    f.say(1, "early bird", "ok");
    f.say_many(100, 2500, "old");
    f.store.reset();
    f.writer.reset();
    {
        SQLite::Database database = open_for_writing(f.path);
        database.exec(
            "INSERT INTO conversation_search (conversation_search) VALUES ('delete-all');"
            "UPDATE counters SET value = 0 WHERE name = 'search_indexed'");
    }
    SECTION("at the next start") {}
    SECTION("also when it was broken off, with a deletion meanwhile") {
        SQLite::Database database = open_for_writing(f.path);
        CHECK(SearchIndex(database).take_in(1000));
        CHECK(delete_conversation(database, make_event(2599).id));
        CHECK(delete_conversation(database, make_event(100).id));
    }
    for (int start = 0; start < 2; ++start) {
        f.writer.reset();
        f.writer = f.open("UTC");
    }
    f.store = f.reader();
    CHECK(f.find("early") == Numbers{1});
    CHECK(f.page("old", std::nullopt, 1).total ==
          std::stoll(f.query("SELECT count(*) - 1 FROM conversations")));
    f.say(2, "late bird", "ok");
    CHECK(f.find("late").size() == 1);
    CHECK(f.damage().empty());
}
