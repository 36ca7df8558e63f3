// Walks over conversations: each that fits, once, in full.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/analytics/store/conversation_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

struct WalkFixture : ConversationFixture {
    WalkFixture() {
        add_token("token-2");
        writer->change_token_settings("token-2", {true});
    }

    /// Two tokens, three sessions, many of the same moments.
    void fill(unsigned first, unsigned count) {
        for (unsigned i = first; i < first + count; ++i) {
            Event event = make_turn(i, {said("user", "turn " + std::to_string(i))});
            event.request_at_ms = 1000 + i * 37 % 20;
            if (i % 2 == 0) event.token_id = "token-2";
            event.conversation_id = "session-" + std::to_string(i % 3);
            add(event);
        }
    }

    std::vector<std::string> walk(const ConversationFilter& filter,
                                  const std::function<void()>& between = {}) const {
        std::vector<std::string> ids;
        std::int64_t last_ms = 0;
        ConversationWalk walk = reader()->begin_conversation_walk(filter);
        while (!walk.at_end) {
            const auto found = reader()->next_conversation(walk);
            if (between) between();
            if (!found) continue;
            CHECK(found->summary.created_at_ms >= last_ms);
            last_ms = found->summary.created_at_ms;
            ids.push_back(found->summary.id);
        }
        return ids;
    }

    std::vector<std::string> list(const ConversationFilter& filter) const {
        ConversationPageRequest page;
        page.limit = 10'000;
        const ConversationPage found = reader()->conversations(filter, page).value();
        std::vector<std::string> ids;
        for (const ConversationSummary& one : found.conversations) ids.push_back(one.id);
        return ids;
    }
};

std::vector<std::string> sorted(std::vector<std::string> ids) {
    std::sort(ids.begin(), ids.end());
    return ids;
}

}  // namespace

TEST_CASE("A walk and the list of conversations agree on every filter",
          "[store][conversation_walk]") {
    WalkFixture fixture;
    fixture.fill(1, 60);
    std::vector<ConversationFilter> filters(7);
    filters[1].token_id = "token-2";
    filters[2].conversation_id = "session-1";
    filters[3].token_id = "token-2", filters[3].conversation_id = "session-1";
    filters[4].from_ms = 1005, filters[4].to_ms = 1010;
    filters[5].token_id = "token-1", filters[5].from_ms = 1010;
    filters[6].token_id = "nobody";
    for (const ConversationFilter& filter : filters) {
        CHECK(sorted(fixture.walk(filter)) == sorted(fixture.list(filter)));
    }
    CHECK(fixture.walk(filters[0]).size() == 60);
    CHECK(fixture.walk(filters[3]).size() == 10);
}

TEST_CASE("A conversation of a walk is the one that is shown", "[store][conversation_walk]") {
    ConversationFixture fixture;
    const Event event =
        ConversationFixture::make_turn(1, {said("user", "hello"), said("assistant", "hi")});
    fixture.add(event);
    const auto reader = fixture.reader();
    ConversationWalk walk = reader->begin_conversation_walk({});
    const auto found = reader->next_conversation(walk);
    const auto shown = reader->conversation(event.id);
    REQUIRE((found && shown));
    CHECK(found->messages_json == shown->messages_json);
    CHECK(found->system_prompt == shown->system_prompt);
    CHECK(found->completion == shown->completion);
    CHECK_FALSE(reader->next_conversation(walk));
    CHECK(walk.at_end);
}

TEST_CASE("What comes or goes during a walk", "[store][conversation_walk]") {
    WalkFixture fixture;
    fixture.fill(1, 20);
    const std::vector<std::string> before = fixture.list({});
    unsigned next = 21;
    CHECK(sorted(fixture.walk({}, [&] { fixture.fill(next++, 1); })) == sorted(before));

    bool deleted = false;
    const auto left = fixture.walk({}, [&] {
        if (!deleted) fixture.writer->delete_conversations_before(2000, 1'000'000);
        deleted = true;
    });
    CHECK(left.size() == 1);
}

TEST_CASE("A walk over no conversations ends at once", "[store][conversation_walk]") {
    CHECK(WalkFixture().walk({}).empty());
}
