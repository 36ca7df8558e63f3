// What conversations cost: a session that sends its whole history with every request costs what is
// new in it.
#include <catch2/catch.hpp>
#include <random>

#include "common/json.hpp"
#include "tests/unit/analytics/store/conversation_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

/// Text that deflate does not get below three quarters, so that sharing alone makes the difference.
std::string random_text(std::minstd_rand& random, std::size_t bytes) {
    static constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i) text += letters[random() % letters.size()];
    return text;
}

struct Session {
    std::vector<std::string> history;
    std::int64_t new_bytes = 0;      ///< Each message once.
    std::int64_t request_bytes = 0;  ///< As it was sent.
};

struct GrowthFixture : ConversationFixture {
    [[nodiscard]] std::int64_t index_bytes() const { return bytes_of("LIKE"); }
    [[nodiscard]] std::int64_t bytes_without_index() const { return bytes_of("NOT LIKE"); }

    void add_turn(Session& session, unsigned number, const std::string& system) {
        const std::string question = said("user", random_text(random_, 1500));
        const std::string answer = said("assistant", random_text(random_, 700));
        session.history.push_back(question);
        for (const std::string& message : session.history) {
            session.request_bytes += static_cast<std::int64_t>(message.size());
        }
        session.new_bytes += static_cast<std::int64_t>(question.size() + answer.size());
        add(make_turn(number, session.history, answer, system));
        session.history.push_back(answer);
    }

  private:
    [[nodiscard]] std::int64_t bytes_of(const std::string& like) const {
        return std::stoll(
            query("SELECT sum(pgsize) FROM dbstat WHERE name " + like + " 'conversation_search%'"));
    }

    std::minstd_rand random_{1};
};

}  // namespace

TEST_CASE("200 turns of a session cost what is new in them, not what is sent",
          "[conversations][growth]") {
    constexpr unsigned turns = 200;
    GrowthFixture f;
    std::minstd_rand random{2};
    const std::string system =
        R"([{"type":"text","text":")" + random_text(random, 20'000) + R"("}])";
    const std::int64_t empty = f.bytes_without_index();
    Session session;
    for (unsigned turn = 1; turn <= turns; ++turn) f.add_turn(session, turn, system);
    const std::int64_t cost = f.bytes_without_index() - empty;
    session.new_bytes += static_cast<std::int64_t>(system.size());
    CAPTURE(cost, session.new_bytes, session.request_bytes);
    // Deflated, but with the logs, the lists and all their indexes: some 1.3 KB a turn.
    CHECK(cost < session.new_bytes * 3 / 2);
    CHECK(cost * 50 < session.request_bytes);
    // These texts have no word twice, and so the largest index that there can be.
    CHECK(f.index_bytes() < session.new_bytes * 3);

    // Nothing is lost by it.
    CHECK(f.query("SELECT count(*) FROM messages") == std::to_string(2 * turns + 1));
    const ConversationDetail last = f.reader()->conversation(make_event(turns).id).value();
    CHECK(last.summary.message_count == 2 * turns - 1);
    std::string expected;
    session.history.pop_back();
    for (const std::string& message : session.history) {
        expected += (expected.empty() ? "[" : ",") + message;
    }
    CHECK(last.messages_json == expected + "]");
}
