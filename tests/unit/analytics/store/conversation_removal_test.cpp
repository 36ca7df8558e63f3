// What is deleted takes along what it alone held, and nothing else.
#include <catch2/catch.hpp>

#include "tests/unit/analytics/store/conversation_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

struct RemovalFixture : ConversationFixture {
    /// Steps that were needed.
    std::int64_t collect(std::int64_t max_steps = 1000) const {
        std::int64_t sum = 0;
        while (const std::int64_t steps = writer->collect_conversation_garbage(max_steps)) {
            sum += steps;
        }
        return sum;
    }
    /// A session of turns that each send all before them again; numbers count up from `first`.
    void add_session(unsigned first, unsigned turns, const std::string& words,
                     const std::string& token = "token-1") {
        std::vector<std::string> history;
        for (unsigned turn = 0; turn < turns; ++turn) {
            history.push_back(said("user", words + " question " + std::to_string(turn)));
            const std::string answer = said("assistant", words + " answer " + std::to_string(turn));
            Event event = make_turn(first + turn, history, answer);
            event.token_id = token;
            event.request_at_ms += turn;
            add(event);
            history.push_back(answer);
        }
    }
};

}  // namespace

TEST_CASE("deleting everything leaves nothing behind", "[conversations]") {
    RemovalFixture f;
    f.add_session(1, 20, "one");
    f.add_session(101, 5, "two");
    CHECK(f.counts() == "25|49|51|0|25");
    for (unsigned number = 1; number <= 20; ++number) {
        CHECK(f.writer->delete_conversation(make_event(number).id));
    }
    for (unsigned number = 101; number <= 105; ++number) {
        CHECK(f.writer->delete_conversation(make_event(number).id));
    }
    CHECK(f.counts().substr(0, 8) == "0|49|51|");
    CHECK(f.collect() > 0);
    CHECK(f.counts() == "0|0|0|0|0");
    CHECK(f.query("SELECT count(*) FROM request_logs") == "25");
    CHECK(f.query("PRAGMA foreign_key_check").empty());
}

TEST_CASE("messages that another conversation holds survive", "[conversations]") {
    RemovalFixture f;
    f.add_session(1, 3, "shared");
    const std::string before =
        f.view("SELECT * FROM conversation_contents WHERE id = '" + make_event(3).id + "'");
    CHECK(f.writer->delete_conversation(make_event(1).id));
    CHECK(f.writer->delete_conversation(make_event(2).id));
    f.collect();
    CHECK(f.counts() == "1|6|7|0|1");
    CHECK(f.view("SELECT * FROM conversation_contents") == before);
    // The last turn of a session goes, the ones before stay.
    f.add_session(11, 3, "other");
    CHECK(f.writer->delete_conversation(make_event(13).id));
    f.collect();
    CHECK(f.view("SELECT prompt, completion FROM conversation_texts ORDER BY rowid DESC LIMIT 1") ==
          "other question 1|other answer 1\n");
}

TEST_CASE("a message that comes again while it is garbage stays", "[conversations]") {
    RemovalFixture f;
    f.add_session(1, 2, "a");
    CHECK(f.writer->delete_conversation(make_event(1).id));
    CHECK(f.writer->delete_conversation(make_event(2).id));
    CHECK(f.writer->collect_conversation_garbage(1) == 1);
    f.add_session(11, 2, "a");
    const std::string before = f.view("SELECT * FROM conversation_texts");
    f.collect();
    CHECK(f.view("SELECT * FROM conversation_texts") == before);
    CHECK(f.counts() == "2|4|5|0|2");
}

TEST_CASE("garbage is collected in small steps that a restart goes on with", "[conversations]") {
    RemovalFixture f;
    f.add_session(1, 30, "a");
    for (unsigned number = 1; number <= 30; ++number) {
        f.writer->delete_conversation(make_event(number).id);
    }
    CHECK(f.writer->collect_conversation_garbage(7) == 7);
    f.writer.reset();
    f.writer = f.open("UTC");
    f.collect(7);
    CHECK(f.counts() == "0|0|0|0|0");
}

TEST_CASE("a large message takes the steps of many small ones", "[conversations]") {
    RemovalFixture f;
    for (unsigned number = 1; number <= 3; ++number) {
        f.add(RemovalFixture::make_turn(
            number, {said("user", std::string(1'000'000, static_cast<char>('a' + number)))}, "",
            ""));
        f.writer->delete_conversation(make_event(number).id);
    }
    REQUIRE(f.query("SELECT count(*) FROM messages") == "3");
    CHECK(f.writer->collect_conversation_garbage(50) > 50);
    CHECK(f.query("SELECT count(*) FROM messages") == "2");
    f.collect();
    CHECK(f.counts() == "0|0|0|0|0");
}

TEST_CASE("a token's conversations are deleted in bounded steps", "[conversations]") {
    RemovalFixture f;
    f.add_token("token-2");
    f.writer->change_token_settings("token-2", {true});
    f.add_session(1, 5, "a");
    f.add_session(11, 2, "a", "token-2");
    CHECK(f.writer->delete_conversations_of_token("token-1", 3) == 3);
    CHECK(f.writer->delete_conversations_of_token("token-1", 3) == 2);
    CHECK(f.writer->delete_conversations_of_token("token-1", 3) == 0);
    f.collect();
    CHECK(f.counts() == "2|4|5|0|2");
    CHECK(f.query("SELECT DISTINCT token_id FROM conversations") == "token-2");
}

TEST_CASE("old conversations go, the oldest first", "[conversations]") {
    RemovalFixture f;
    f.add_session(1, 5, "a");
    const std::int64_t third = make_event(1).request_at_ms + 2;
    CHECK(f.writer->delete_conversations_before(third, 1) == 1);
    CHECK(f.query("SELECT min(number) FROM conversations") == "2");
    CHECK(f.writer->delete_conversations_before(third, 100) == 1);
    CHECK(f.writer->delete_conversations_before(third, 100) == 0);
    CHECK(f.query("SELECT count(*) FROM conversations") == "3");
    CHECK_FALSE(f.writer->delete_conversation(make_event(1).id));
}

TEST_CASE("a number is not given again", "[conversations]") {
    RemovalFixture f;
    f.add_session(1, 2, "a");
    f.writer->delete_conversation(make_event(2).id);
    f.collect();
    f.add_session(11, 1, "b");
    CHECK(f.query("SELECT group_concat(number) FROM conversations") == "1,3");
}
