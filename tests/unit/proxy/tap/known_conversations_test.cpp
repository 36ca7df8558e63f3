#include "proxy/tap/known_conversations.hpp"

#include <catch2/catch.hpp>

#include "proxy/tap/conversation_capture.hpp"
#include "proxy/tap/request_facts.hpp"

namespace ccproxy::tap {
namespace {

using Texts = std::vector<std::string>;
using Known = KnownConversations;

const std::string first_id = "01a2076a-d1a0-70ba-a785-000000000001";
const std::string second_id = "01a2076a-d1a0-70ba-a785-000000000002";

std::string said(const std::string& role, const std::string& text) {
    return R"({"role":")" + role + R"(","content":")" + text + R"("})";
}
/// Long enough to be worth a reference.
const std::string system_prompt = '"' + std::string(600, 's') + '"';
const std::string question = said("user", std::string(600, 'q'));
const std::string answer = said("assistant", "yes");

std::string body_of(const Texts& messages, const std::string& system = system_prompt) {
    std::string body = R"({"system":)" + system + R"(,"messages":[)";
    for (std::size_t i = 0; i < messages.size(); ++i) body += (i > 0 ? "," : "") + messages[i];
    return body + "]}";
}

struct Fixture {
    Known known;
    ConversationOwner owner{"token", "session", ""};
    std::uint64_t epoch = 1;

    Known::Prompt look_up(const std::string& body) {
        PromptSlices slices;
        REQUIRE(read_request_facts(body, &slices).has_value());
        return known.look_up(owner, body, slices, epoch);
    }
    /// A request whose event the journal has.
    void say(const std::string& body, const std::string& id = first_id) {
        known.remember(look_up(body), id);
    }
    ConversationText captured(const std::string& body, std::size_t max_bytes = 1 << 20) {
        PromptSlices slices;
        REQUIRE(read_request_facts(body, &slices).has_value());
        ConversationCapture capture(max_bytes);
        capture.take_prompt(body, slices, known.look_up(owner, body, slices, epoch));
        capture.completion().take_message(R"({"content":[{}]})");
        ConversationText text = capture.take();
        may_be_continued = capture.known().has_value();
        return text;
    }
    bool may_be_continued = false;
};

}  // namespace

TEST_CASE("the next turn goes on from the one before") {
    Fixture f;
    CHECK_FALSE(f.look_up(body_of({question})).continues);
    f.say(body_of({question}));
    const auto next = f.look_up(body_of({question, answer, question}));
    CHECK(next.continues == Continuation{first_id, 1, 1, true});
    f.known.remember(next, second_id);
    // Sent again, and with another end.
    CHECK(f.look_up(body_of({question, answer, question})).continues ==
          Continuation{second_id, 3, 3, true});
    CHECK(f.look_up(body_of({question, answer, said("user", "else"), answer})).continues ==
          Continuation{second_id, 3, 2, true});
    CHECK(f.look_up(body_of({question})).continues == Continuation{second_id, 3, 1, true});
}

TEST_CASE("a cache marker that has moved on makes no difference") {
    Fixture f;
    const auto marked = [](const std::string& text, bool is) {
        return R"({"role":"user","content":[{"type":"text","text":")" + text + '"' +
               (is ? R"(,"cache_control":{"type":"ephemeral"})" : "") + "}]}";
    };
    const std::string text(600, 'q');
    f.say(body_of({marked(text, true)}));
    CHECK(f.look_up(body_of({marked(text, false), answer, marked("so?", true)})).continues ==
          Continuation{first_id, 1, 1, true});
    CHECK_FALSE(f.look_up(body_of({marked(text + ".", false)})).continues);
}

TEST_CASE("another system prompt is said, and the messages are not") {
    Fixture f;
    f.say(body_of({question}));
    CHECK(f.look_up(body_of({question, answer}, R"("other")")).continues ==
          Continuation{first_id, 1, 1, false});
    Fixture without;
    without.say(R"({"messages":[)" + question + "]}");
    CHECK(without.look_up(R"({"messages":[)" + question + "]}").continues ==
          Continuation{first_id, 1, 1, false});
}

TEST_CASE("conversations of other tokens, sessions and agents are not continued") {
    Fixture f;
    f.say(body_of({question}));
    const std::string next = body_of({question, answer});
    for (const ConversationOwner& other :
         {ConversationOwner{"other", "session", ""}, ConversationOwner{"token", "other", ""},
          ConversationOwner{"token", "session", "other"}, ConversationOwner{"token", "", ""}}) {
        f.owner = other;
        CHECK_FALSE(f.look_up(next).continues);
    }
    f.owner = {"token", "session", ""};
    CHECK(f.look_up(next).continues);
    CHECK_FALSE(f.look_up(body_of({said("user", "another first message"), question})).continues);
}

TEST_CASE("what is short is said again") {
    Fixture f;
    const std::string hello = said("user", "hello");
    f.say(body_of({hello}, R"("s")"));
    CHECK_FALSE(f.look_up(body_of({hello, answer}, R"("s")")).continues);
    f.say(body_of({hello}));
    CHECK(f.look_up(body_of({hello, answer})).continues);
}

TEST_CASE("in another epoch nothing is known, also of what was under way") {
    Fixture f;
    f.say(body_of({question}));
    const Known::Prompt under_way = f.look_up(body_of({question, answer}));
    f.epoch = 2;
    CHECK_FALSE(f.look_up(body_of({question, answer})).continues);
    CHECK(f.known.size() == 0);
    f.known.remember(under_way, second_id);
    CHECK(f.known.size() == 0);
}

TEST_CASE("no more is kept than may be, and what was used last stays") {
    Fixture f;
    Texts messages(Known::max_marks / 16, R"({"role":"user"})");
    messages.front() = question;
    f.say(body_of(messages));
    CHECK(f.known.size() == 1);
    Texts too_many = messages;
    too_many.emplace_back("{}");
    f.say(body_of(too_many), second_id);
    CHECK(f.known.size() == 0);
    CHECK(f.known.marks() == 0);
    for (int i = 0; i < 17; ++i) {
        messages.front() = said("user", std::string(600, 'q') + std::to_string(i));
        f.say(body_of(messages));
    }
    CHECK(f.known.size() == 16);
    CHECK(f.known.marks() == Known::max_marks);
    CHECK(f.look_up(body_of(messages)).continues);
    messages.front() = said("user", std::string(600, 'q') + "0");
    CHECK_FALSE(f.look_up(body_of(messages)).continues);
    for (std::size_t i = 0; i <= Known::max_conversations; ++i) {
        f.say(body_of({said("user", std::to_string(i))}));
    }
    CHECK(f.known.size() == Known::max_conversations);
}

TEST_CASE("a request without messages is no conversation") {
    Fixture f;
    f.say(R"({"system":)" + system_prompt + "}");
    CHECK(f.known.size() == 0);
}

TEST_CASE("a capture leaves out what was said before") {
    Fixture f;
    f.say(body_of({question, answer}));
    const ConversationText text = f.captured(body_of({question, answer, said("user", "so?")}));
    CHECK(text.continues == Continuation{first_id, 2, 2, true});
    CHECK(text.prompt == R"("messages":[)" + said("user", "so?") + "]");
    CHECK_FALSE(text.truncated);
    CHECK(f.may_be_continued);
    CHECK(f.captured(body_of({question, answer}, R"("other")")).prompt ==
          R"("system":"other","messages":[])");
    CHECK(f.captured(body_of({said("user", "hi")})).prompt ==
          R"("system":)" + system_prompt + R"(,"messages":[)" + said("user", "hi") + "]");
}

TEST_CASE("near the limit a conversation is said as a whole, and what is cut is not continued") {
    Fixture f;
    f.say(body_of({question}));
    const std::string body = body_of({question, answer});
    CHECK(f.captured(body, 4000).continues);
    const ConversationText whole = f.captured(body, 2000);
    CHECK_FALSE(whole.continues);
    CHECK_FALSE(whole.truncated);
    CHECK(f.may_be_continued);
    CHECK(f.captured(body, 1000).truncated);
    CHECK_FALSE(f.may_be_continued);
    CHECK(f.captured(R"({"messages":[)" + question + "]}", 640).truncated);
    CHECK_FALSE(f.may_be_continued);
}

}  // namespace ccproxy::tap
