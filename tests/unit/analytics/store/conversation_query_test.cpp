// Lists of conversations: filters, order and cursors; and one in full.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/unit/analytics/store/conversation_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

std::string numbers(const ConversationPage& page) {
    std::string text;
    for (const ConversationSummary& summary : page.conversations) {
        if (!text.empty()) text += ' ';
        text += std::to_string(summary.number);
    }
    return text;
}

struct QueryFixture : ConversationFixture {
    void add_at(unsigned number, std::int64_t at_ms, const std::string& session = "s") {
        Event event = make_turn(number, {said("user", "question " + std::to_string(number))});
        event.request_at_ms = at_ms;
        event.conversation_id = session;
        add(event);
    }
    [[nodiscard]] std::string list(const ConversationFilter& filter) const {
        const ConversationPage page = reader()->conversations(filter, {}).value();
        CHECK(page.total == static_cast<std::int64_t>(page.conversations.size()));
        return numbers(page);
    }
};

}  // namespace

TEST_CASE("the newest come first, and filters join", "[conversations]") {
    QueryFixture f;
    f.add_at(1, 3000);
    f.add_at(2, 1000, "other");
    f.add_at(3, 2000);
    f.add_at(4, 2000);
    CHECK(f.list({}) == "1 4 3 2");
    ConversationFilter filter;
    filter.from_ms = 2000;
    CHECK(f.list(filter) == "1 4 3");
    filter.to_ms = 3000;
    CHECK(f.list(filter) == "4 3");
    filter.token_id = "token-1";
    CHECK(f.list(filter) == "4 3");
    filter.conversation_id = "other";
    CHECK(f.list(filter).empty());
    filter = {};
    filter.conversation_id = "other";
    CHECK(f.list(filter) == "2");
    filter.token_id = "token-2";
    CHECK(f.list(filter).empty());
}

TEST_CASE("a cursor goes on where the page ended, whatever comes meanwhile", "[conversations]") {
    QueryFixture f;
    for (unsigned number = 1; number <= 5; ++number) f.add_at(number, 1000);
    ConversationPageRequest request;
    request.limit = 2;
    const auto reader = f.reader();
    const ConversationPage first = reader->conversations({}, request).value();
    CHECK(numbers(first) == "5 4");
    CHECK(first.total == 5);
    f.add_at(6, 2000);
    request.cursor = first.next_cursor;
    const ConversationPage second = reader->conversations({}, request).value();
    CHECK(numbers(second) == "3 2");
    CHECK(second.total == 6);
    request.cursor = second.next_cursor;
    const ConversationPage last = reader->conversations({}, request).value();
    CHECK(numbers(last) == "1");
    CHECK(last.next_cursor.empty());
    request.cursor.clear();
    request.page = 1;
    CHECK(numbers(reader->conversations({}, request).value()) == "4 3");
    request.cursor = "nonsense";
    CHECK(reader->conversations({}, request).has_error());
    request.cursor.clear();
    request.page = std::numeric_limits<std::int64_t>::max();
    CHECK(reader->conversations({}, request).has_error());
}

TEST_CASE("a list touches no body", "[conversations]") {
    QueryFixture f;
    f.add_at(1, 1000);
    SQLite::Database(f.path, SQLite::OPEN_READWRITE).exec("UPDATE message_bodies SET body = x'00'");
    const ConversationPage page = f.reader()->conversations({}, {}).value();
    REQUIRE(page.conversations.size() == 1);
    CHECK(page.conversations[0].prompt_preview == "question 1");
    CHECK_THROWS_AS(f.reader()->conversation(make_event(1).id), std::runtime_error);
}

TEST_CASE("one conversation is shown in full", "[conversations]") {
    ConversationFixture f;
    Event event = ConversationFixture::make_turn(
        7,
        {said("user", "a"),
         R"({"role":"assistant","content":[{"type":"tool_use","id":"t","name":"Bash","input":)"
         R"({"command":"ls"}}]})",
         R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"x.cpp"},)"
         R"({"type":"image","source":{"type":"reference","sha256":"ab","bytes":7}}]})"},
        R"({"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},)"
        R"({"type":"text","text":"one file"}]})",
        R"([{"type":"text","text":"one"},{"type":"text","text":"two"}])");
    event.agent_id = "agent";
    f.add(event);
    const std::optional<ConversationDetail> detail = f.reader()->conversation(event.id);
    REQUIRE(detail);
    CHECK(detail->summary.id == event.id);
    CHECK(detail->summary.token_id == "token-1");
    CHECK(detail->summary.conversation_id == "conversation-1");
    CHECK(detail->summary.agent_id == "agent");
    CHECK(detail->summary.created_at_ms == event.request_at_ms);
    CHECK(detail->summary.message_count == 3);
    CHECK(detail->summary.prompt_preview == "x.cpp [image]");
    CHECK(detail->summary.has_completion);
    CHECK_FALSE(detail->summary.truncated);
    CHECK_FALSE(detail->summary.is_compressed);
    CHECK(detail->system_prompt == "one\n\ntwo");
    CHECK(detail->messages_json ==
          "[" + said("user", "a") +
              R"(,{"role":"assistant","content":[{"type":"tool_use","id":"t","input":)"
              R"({"command":"ls"},"name":"Bash"}]},{"role":"user","content":[)"
              R"({"type":"tool_result","content":"x.cpp","tool_use_id":"t"},{"type":"image",)"
              R"("source":{"type":"reference","sha256":"ab","bytes":7}}]}])");
    CHECK(detail->prompt == "x.cpp\n[image]");
    CHECK(detail->completion == "one file");
    CHECK(detail->completion_json ==
          R"({"role":"assistant","content":[{"type":"thinking","signature":"s","thinking":"hm"},)"
          R"({"type":"text","text":"one file"}]})");
    CHECK_FALSE(f.reader()->conversation(make_event(8).id));
}

TEST_CASE("what is absent is absent and not empty", "[conversations]") {
    ConversationFixture f;
    f.add(ConversationFixture::make_turn(1, {}, "", ""));
    const ConversationDetail detail = f.reader()->conversation(make_event(1).id).value();
    CHECK_FALSE(detail.system_prompt);
    CHECK(detail.messages_json == "[]");
    CHECK_FALSE(detail.prompt);
    CHECK_FALSE(detail.completion);
    CHECK_FALSE(detail.completion_json);
    CHECK_FALSE(detail.summary.has_completion);
}
