// A conversation that goes on from an earlier one is stored as if it had come as a whole.
#include <catch2/catch.hpp>

#include "tests/unit/analytics/store/compression_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

const std::string hello = said("user", "hello");
const std::string hi = said("assistant", "hi");
const std::string how = said("user", "how are you?");
const std::string well = said("assistant", "well");
const std::string bye = said("user", "bye");

/// A turn that goes on from turn `of`.
Event continuing(unsigned number, unsigned of, Continuation continues,
                 std::vector<std::string> messages, const std::string& system = "") {
    Event event = ConversationFixture::make_turn(number, std::move(messages),
                                                 said("assistant", "yes"), system);
    continues.event_id = make_event(of).id;
    event.conversation->continues = continues;
    return event;
}

/// All that is told of a conversation but what tells it from others.
std::string row(const ConversationFixture& f, unsigned number) {
    return f.query(
               "SELECT message_count, content_bytes, prompt_preview, truncated, system, messages, "
               "completion, prompt FROM conversations WHERE id = '" +
               make_event(number).id + "'") +
           "\n" +
           f.view(
               "SELECT system_prompt, messages_json, prompt, completion FROM "
               "conversation_contents WHERE id = '" +
               make_event(number).id + "'");
}

}  // namespace

TEST_CASE("a conversation that goes on is the same as one that came whole", "[conversations]") {
    ConversationFixture f;
    f.add(ConversationFixture::make_turn(1, {hello}));
    SECTION("by the next messages") {
        f.add(continuing(2, 1, {"", 1, 1, true}, {hi, how}));
        f.add(ConversationFixture::make_turn(3, {hello, hi, how}));
        CHECK(f.query("SELECT message_count, truncated FROM conversations WHERE id = '" +
                      make_event(2).id + "'") == "3|0");
    }
    SECTION("by nothing: it was sent again") {
        f.add(continuing(2, 1, {"", 1, 1, true}, {}));
        f.add(ConversationFixture::make_turn(3, {hello}));
    }
    SECTION("with another system prompt, or none") {
        const std::string system = GENERATE(as<std::string>{}, R"("be verbose, please")", "");
        f.add(continuing(2, 1, {"", 1, 1, false}, {hi, how}, system));
        f.add(
            ConversationFixture::make_turn(3, {hello, hi, how}, said("assistant", "yes"), system));
    }
    SECTION("over several turns, the last of which takes some back") {
        f.add(continuing(4, 1, {"", 1, 1, true}, {hi, how}));
        f.add(continuing(5, 4, {"", 3, 3, true}, {well, bye}));
        f.add(continuing(2, 5, {"", 5, 3, true}, {said("assistant", "not well"), bye}));
        f.add(ConversationFixture::make_turn(3,
                                             {hello, hi, how, said("assistant", "not well"), bye}));
    }
    SECTION("from its very beginning") {
        f.add(continuing(2, 1, {"", 1, 0, true}, {bye}));
        f.add(ConversationFixture::make_turn(3, {bye}));
    }
    SECTION("by a message that is not the user's") {
        f.add(continuing(4, 1, {"", 1, 1, true}, {hi, how, well}));
        f.add(continuing(2, 4, {"", 4, 2, true}, {said("assistant", "The answer is")}));
        f.add(ConversationFixture::make_turn(3, {hello, hi, said("assistant", "The answer is")}));
    }
    CHECK(row(f, 2) == row(f, 3));
}

TEST_CASE("what goes on from compressed messages is found", "[conversations]") {
    CompressionFixture f;
    f.add(ConversationFixture::make_turn(1, {hello}));
    REQUIRE(f.compress() > 0);
    f.add(continuing(2, 1, {"", 1, 1, true}, {hi}));
    f.add(ConversationFixture::make_turn(3, {hello, hi}));
    CHECK(row(f, 2) == row(f, 3));
}

TEST_CASE("what goes on from nothing is kept, and counted", "[conversations]") {
    ConversationFixture f;
    f.add(ConversationFixture::make_turn(1, {hello, hi, how}));
    Continuation continues{"", 3, 3, true};
    SECTION("the earlier conversation was deleted") {
        f.writer->delete_conversation(make_event(1).id);
    }
    SECTION("it was never there") {
        continues.of_count = 7;
    }
    SECTION("it belongs to another token") {
        SQLite::Database(f.path, SQLite::OPEN_READWRITE)
            .exec("UPDATE conversations SET token_id = 'token-2'");
    }
    const AppendReport report = f.add(continuing(2, 1, continues, {well, bye}));
    CHECK(report.rows == 1);
    CHECK(report.conversations == 1);
    CHECK(report.conversations_cut == std::map<std::string, std::uint64_t>{{"proxy-1", 1}});
    CHECK(report.quarantined.empty());
    CHECK(
        f.view(
            "SELECT system_prompt, messages_json, prompt FROM conversation_contents WHERE id = '" +
            make_event(2).id + "'") == "NULL|[" + well + "," + bye + "]|bye\n");
    CHECK(f.query("SELECT message_count, truncated FROM conversations WHERE id = '" +
                  make_event(2).id + "'") == "2|1");
    // The next one counts from the very first message, so it does not fit.
    CHECK(f.add(continuing(3, 2, {"", 5, 5, true}, {said("assistant", "bye")}))
              .conversations_cut.size() == 1);
    CHECK(f.query("SELECT message_count FROM conversations WHERE id = '" + make_event(3).id +
                  "'") == "1");
}

TEST_CASE("what a turn goes on from stays when the earlier one is deleted", "[conversations]") {
    ConversationFixture f;
    f.add(ConversationFixture::make_turn(1, {hello, hi, how}));
    f.add(continuing(2, 1, {"", 3, 3, true}, {well, bye}));
    const std::string before = row(f, 2);
    f.writer->delete_conversation(make_event(1).id);
    while (f.writer->collect_conversation_garbage(1000) > 0) {
    }
    CHECK(row(f, 2) == before);
}
