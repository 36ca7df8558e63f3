#include "proto/conversation_codec.hpp"

#include <catch2/catch.hpp>

#include "proto/event_codec.hpp"

namespace ccproxy {
namespace {

Event event_with(const Conversation& conversation) {
    Event event;
    event.id = "01a2076a-d1a0-70ba-a785-9764869d8c69";
    event.token_id = "token";
    event.status_code = 200;
    event.conversation = conversation;
    return event;
}

std::string encoded(const Event& event) {
    std::string bytes;
    encode_event(event, bytes);
    return bytes;
}

/// An event whose member `conversation` is `json`.
std::string event_text(const std::string& json, bool last = true) {
    const std::string member = R"("conversation":)" + json;
    const std::string rest = encoded(event_with({})).substr(1);
    const std::string fields = rest.substr(0, rest.find(R"(,"conversation")"));
    return last ? "{" + fields + "," + member + "}" : "{" + member + "," + fields + "}";
}

Conversation decoded(const std::string& json) {
    return decode_event(event_text(json)).value().conversation.value();
}

std::string problem(const std::string& json) {
    const Result<Event> event = decode_event(event_text(json));
    REQUIRE(event.has_error());
    return event.error().message;
}

std::string nested(std::size_t depth) {
    return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}

}  // namespace

TEST_CASE("a conversation that is put together already makes the same event") {
    Conversation conversation;
    conversation.system = R"("be brief")";
    conversation.messages = {R"({"role":"user","content":"hi"})", "{}"};
    ConversationText text{R"("system":"be brief","messages":[{"role":"user","content":"hi"},{}])",
                          R"({"role":"assistant","content":[]})", true};
    for (int i = 0; i < 2; ++i) {
        conversation.completion = text.completion;
        conversation.truncated = text.truncated;
        const EventPieces pieces = encode_event(event_with({}), text);
        std::string bytes;
        for (const std::string_view piece : pieces.views()) bytes.append(piece);
        CHECK(bytes == encoded(event_with(conversation)));
        CHECK(pieces.bytes() == bytes.size());
        text.completion.clear();
        text.truncated = false;
    }
    const EventPieces nothing = encode_event(event_with({}), ConversationText{});
    CHECK(nothing.tail == "}}");
}

TEST_CASE("a conversation survives its encoding") {
    Conversation conversation;
    conversation.system = R"("be \"brief\" \\ 中")";
    conversation.messages = {R"({"role":"user","content":"hi"})", "{}"};
    conversation.completion = R"({"role":"assistant","content":[{"type":"text","text":""}]})";
    conversation.truncated = true;
    for (const Conversation& c : {conversation, Conversation{}}) {
        const Event event = event_with(c);
        CHECK(decode_event(encoded(event)).value() == event);
    }
    conversation.system = R"([{"type":"text","text":"a"}])";
    conversation.completion.clear();
    conversation.truncated = false;
    CHECK(decode_event(encoded(event_with(conversation))).value().conversation == conversation);
}

TEST_CASE("a conversation that goes on says from what, in an event of version 2") {
    Conversation conversation;
    conversation.messages = {R"({"role":"user","content":"hi"})"};
    conversation.continues = Continuation{"01a2076a-d1a0-70ba-a785-9764869d8c00", 3, 2, true};
    ConversationText text{R"("messages":[{"role":"user","content":"hi"}])", "", false,
                          conversation.continues};
    for (const bool same_system : {true, false}) {
        conversation.continues->same_system = text.continues->same_system = same_system;
        const Event event = event_with(conversation);
        CHECK(decode_event(encoded(event)).value() == event);
        CHECK(encoded(event).find(R"({"v":2,)") == 0);
        std::string bytes;
        const EventPieces pieces = encode_event(event_with({}), text);
        for (const std::string_view piece : pieces.views()) bytes.append(piece);
        CHECK(bytes == encoded(event));
    }
    CHECK(encoded(event_with({})).find(R"({"v":1,)") == 0);
    CHECK(decoded(R"({"continues":null})") == Conversation{});
}

TEST_CASE("what a conversation goes on from is checked") {
    const auto problem_of = [](const std::string& json) {
        return problem(R"({"continues":)" + json + "}");
    };
    const std::string id = R"("id":"01a2076a-d1a0-70ba-a785-9764869d8c00")";
    CHECK(problem_of("[]") == "conversation.continues: must be an object");
    CHECK(problem_of("1") == "conversation.continues: must be an object");
    CHECK(problem_of(R"({"of":1,"messages":1})") == "conversation.continues.id: is required");
    CHECK(problem_of(R"({"id":"x","of":1,"messages":1})") ==
          "conversation.continues.id: must be a UUID");
    CHECK(problem_of("{" + id + R"(,"messages":1})") == "conversation.continues.of: is required");
    CHECK(problem_of("{" + id + R"(,"of":1})") == "conversation.continues.messages: is required");
    CHECK(problem_of("{" + id + R"(,"of":1,"messages":2})") ==
          "conversation.continues.messages: is out of range");
    CHECK(problem_of("{" + id + R"(,"of":100001,"messages":2})") ==
          "conversation.continues.of: is out of range");
    CHECK(problem_of("{" + id + R"(,"of":-1,"messages":-1})") ==
          "conversation.continues.of: is out of range");
    CHECK(problem_of("{" + id + R"(,"of":1,"messages":1,"system":1})") ==
          "conversation.continues.system: must be true or false");
}

TEST_CASE("an event without a conversation has none") {
    Event event = event_with({});
    event.conversation.reset();
    CHECK(encoded(event).find("conversation\"") == std::string::npos);
    CHECK(decode_event(encoded(event)).value() == event);
    CHECK(decode_event(event_text("null")).value() == event);
    event.user_name = "\"conversation\"";
    CHECK(decode_event(encoded(event)).value() == event);
}

TEST_CASE("it may stand anywhere in the event, and its members in any order") {
    const std::string json =
        R"({"truncated":false,"completion":{},"later":{"x":[{"system":1}]},"messages":[{"conversation":{}}],)"
        R"("more":[[]],"system":[],"number":1})";
    const Event event = decode_event(event_text(json, false)).value();
    CHECK(event.token_id == "token");
    CHECK(event.conversation->system == "[]");
    CHECK(event.conversation->messages == std::vector<std::string>{R"({"conversation":{}})"});
    CHECK(event.conversation->completion == "{}");
    CHECK_FALSE(event.conversation->truncated);
    CHECK(decoded("{}") == Conversation{});
    CHECK(decoded(R"({"system":null,"messages":null,"completion":null,"truncated":null})") ==
          Conversation{});
}

TEST_CASE("texts are written anew: valid, without white space, numbers as they were") {
    const Conversation read = decoded(
        " { \"messages\" : [ { \"a\" : [ 1.50 , -0, 12345678901234567890123 , 1E+2, true , null ] ,"
        "\n\"b\":\"\\u0041\\u00e4\\ud83d\\ude00 \\/ \\n\" } ] } ");
    CHECK(read.messages ==
          std::vector<std::string>{"{\"a\":[1.50,-0,12345678901234567890123,1E+2,true,null],"
                                   "\"b\":\"A\xC3\xA4\xF0\x9F\x98\x80 / \\n\"}"});
}

TEST_CASE("escapes that spell a NUL or half a character are made clean") {
    const Conversation read = decoded(R"({"system":"a\u0000b","messages":[{"\u0000":"\udc00"}]})");
    CHECK(read.system ==
          "\"a\xEF\xBF\xBD"
          "b\"");
    CHECK(read.messages[0].find('\0') == std::string::npos);
    CHECK(read.messages[0].find("\\u0000") == std::string::npos);
    CHECK(read.messages[0].find("\xED\xB0\x80") == std::string::npos);
}

TEST_CASE("a wrong type is refused with the member's name") {
    CHECK(problem("[]") == "conversation: must be an object");
    CHECK(problem("7") == "conversation: must be an object");
    CHECK(problem(R"({"system":{}})") == "conversation.system: must be a string or a list");
    CHECK(problem(R"({"system":1})") == "conversation.system: must be a string or a list");
    CHECK(problem(R"({"messages":{}})") == "conversation.messages: must be a list");
    CHECK(problem(R"({"messages":"x"})") == "conversation.messages: must be a list");
    CHECK(problem(R"({"messages":[[]]})") == "conversation.messages: must hold objects");
    CHECK(problem(R"({"messages":[{},"x"]})") == "conversation.messages: must hold objects");
    CHECK(problem(R"({"completion":[]})") == "conversation.completion: must be an object");
    CHECK(problem(R"({"completion":true})") == "conversation.completion: must be an object");
    CHECK(problem(R"({"truncated":1})") == "conversation.truncated: must be true or false");
    CHECK(problem(R"({"truncated":[]})") == "conversation.truncated: must be true or false");
    CHECK(problem(R"({},"conversation":{})") == "conversation: stands there twice");
    CHECK(problem(R"({"messages":[{])").find("not JSON") == 0);
    CHECK(problem("{\"system\":\"\xFF\"}").find("not JSON") == 0);
}

TEST_CASE("limits are held, and no nesting exhausts the stack") {
    CHECK(decoded(R"({"messages":[)" + nested(max_conversation_depth) + "]}").messages[0] ==
          nested(max_conversation_depth));
    const std::string too_deep = "conversation: is nested too deeply";
    CHECK(problem(R"({"messages":[)" + nested(max_conversation_depth + 1) + "]}") == too_deep);
    CHECK(problem(R"({"completion":)" + nested(1'000'000) + "}") == too_deep);
    CHECK(problem(R"({"system":)" + std::string(1'000'000, '[')) == too_deep);

    std::string messages = "{}";
    for (std::size_t i = 1; i < max_conversation_messages; ++i) messages += ",{}";
    CHECK(decoded(R"({"messages":[)" + messages + "]}").messages.size() ==
          max_conversation_messages);
    CHECK(problem(R"({"messages":[)" + messages + ",{}]}") ==
          "conversation.messages: holds too many");
}

}  // namespace ccproxy
