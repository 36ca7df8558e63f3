// What was said is stored for those who want it, each message once.
#include <catch2/catch.hpp>

#include "tests/unit/analytics/store/conversation_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

TEST_CASE("a conversation is stored with its log and shown by the views", "[conversations]") {
    ConversationFixture f;
    const Event event = ConversationFixture::make_turn(
        1, {said("user", "hello"), said("assistant", "hi"), said("user", "how are you?")},
        R"({"role":"assistant","content":[{"type":"text","text":"well"},{"type":"tool_use",)"
        R"("id":"t","name":"Bash","input":{"command":"ls"}}]})");
    const AppendReport report = f.add(event);
    CHECK(report.rows == 1);
    CHECK(report.conversations == 1);
    CHECK(report.conversations_damaged == 0);
    CHECK(f.counts() == "1|4|5|0|1");
    CHECK(f.view("SELECT * FROM conversation_texts") ==
          "1|token-1|how are you?|well\n[Bash {\"command\":\"ls\"}]\n");
    CHECK(f.view("SELECT * FROM conversation_contents") ==
          event.id + "|" + event.id + "|token-1|be brief|[" + said("user", "hello") + "," +
              said("assistant", "hi") + "," + said("user", "how are you?") +
              "]|how are you?|well\n[Bash {\"command\":\"ls\"}]|1735700000000|0\n");
    CHECK(f.query("SELECT conversation_id, user_name, model, message_count, prompt_preview, "
                  "truncated FROM conversations") ==
          "conversation-1|ann|claude-sonnet-4-5|3|how are you?|0");
}

TEST_CASE("a message is stored once, however often and by whom it is sent", "[conversations]") {
    ConversationFixture f;
    f.add_token("token-2");
    f.writer->change_token_settings("token-2", {true});
    f.add(ConversationFixture::make_turn(1, {said("user", "hello")}, said("assistant", "hi")));
    CHECK(f.counts() == "1|2|3|0|1");
    Event again =
        ConversationFixture::make_turn(2, {said("user", "hello")}, said("assistant", "hi"));
    again.token_id = "token-2";
    f.add(again);
    CHECK(f.counts() == "2|2|3|0|2");
    // The next turn: the answer has become history, and the client has moved its cache marker.
    f.add(ConversationFixture::make_turn(
        3,
        {R"({"role":"user","content":"hello"})",
         R"({"role":"assistant","content":[{"text":"hi","type":"text",)"
         R"("cache_control":{"type":"ephemeral"}}]})",
         said("user", "bye")},
        said("assistant", "good bye")));
    CHECK(f.counts() == "3|4|5|0|3");
    CHECK(f.query("SELECT count(DISTINCT system) FROM conversations") == "1");
}

TEST_CASE("without the token's wish nothing is kept but the log", "[conversations]") {
    ConversationFixture f;
    const Event event = ConversationFixture::make_turn(1, {said("user", "a secret")});
    SECTION("the setting is off") {
        f.writer->change_token_settings("token-1", {false});
    }
    SECTION("the configuration is off") {
        f.writer.reset();
        f.writer = open_sqlite_writer(f.path, DayZone::find("UTC").value(), f.clock, {}, {false});
    }
    Event sent = event;
    SECTION("the token is not known") {
        sent.token_id = "token-9";
    }
    const AppendReport report = f.add(sent);
    CHECK(report.rows == 1);
    CHECK(report.conversations == 0);
    CHECK(report.conversations_dropped == 1);
    CHECK(f.counts() == "0|0|0|0|0");
    CHECK(f.query("SELECT count(*) FROM request_logs") == "1");
}

TEST_CASE("an aborted request keeps what had arrived", "[conversations]") {
    ConversationFixture f;
    Event event = ConversationFixture::make_turn(1, {said("user", "hello")}, "", "");
    event.conversation->truncated = true;
    CHECK(f.add(event).conversations == 1);
    CHECK(f.view("SELECT system_prompt, prompt, completion FROM conversation_contents") ==
          "NULL|hello|NULL\n");
    CHECK(f.query("SELECT truncated FROM conversations") == "1");
    CHECK(f.add(ConversationFixture::make_turn(2, {}, "", "")).conversations == 1);
    CHECK(f.view("SELECT messages_json FROM conversation_contents ORDER BY created_at, id DESC "
                 "LIMIT 1") == "NULL\n");
}

TEST_CASE("hostile content loses only itself", "[conversations]") {
    ConversationFixture f;
    const std::string bad = GENERATE(
        std::string("{\"role\":"), std::string("[1]"), std::string("\xff"), std::string(100, '['),
        R"({"role":"user","content":)" + std::string(5000, '[') + std::string(5000, ']') + "}");
    const AppendReport report = f.add(ConversationFixture::make_turn(
        1, {said("user", "good"), bad, said("user", "also good")}, bad, bad));
    CHECK(report.rows == 1);
    CHECK(report.conversations == 1);
    CHECK(report.conversations_damaged == 1);
    CHECK(report.quarantined.empty());
    CHECK(f.query("SELECT message_count, truncated, completion FROM conversations") == "2|1|NULL");
    CHECK(f.view("SELECT prompt FROM conversation_texts") == "also good\n");
}

TEST_CASE("the prompt is the user's last message, not the last of all", "[conversations]") {
    ConversationFixture f;
    f.add(ConversationFixture::make_turn(1, {said("user", "q"), said("assistant", "The answer is")},
                                         said("assistant", " 42")));
    CHECK(f.view("SELECT prompt, completion FROM conversation_texts") == "q| 42\n");
}

TEST_CASE("an event that comes again adds no conversation", "[conversations]") {
    ConversationFixture f;
    const Event event = ConversationFixture::make_turn(1, {said("user", "hello")});
    f.add(event);
    const std::string before = f.counts();
    CHECK(f.add(event).conversations == 0);
    CHECK(f.counts() == before);
    // Its log may have been purged meanwhile.
    SQLite::Database(f.path, SQLite::OPEN_READWRITE).exec("DELETE FROM request_logs");
    f.add(event);
    CHECK(f.counts() == before);
}

TEST_CASE("a damaged body is an error and not a wrong text", "[conversations]") {
    ConversationFixture f;
    f.add(ConversationFixture::make_turn(1, {said("user", std::string(1000, 'x'))}));
    SQLite::Database(f.path, SQLite::OPEN_READWRITE)
        .exec("UPDATE message_bodies SET body = substr(body, 1, length(body) - 1)");
    CHECK_THROWS_WITH(f.view("SELECT * FROM conversation_texts"), "a message is damaged");
}
