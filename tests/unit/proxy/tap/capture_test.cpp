#include <catch2/catch.hpp>

#include "common/hash.hpp"
#include "proxy/tap/conversation_capture.hpp"
#include "proxy/tap/json_pieces.hpp"
#include "proxy/tap/request_facts.hpp"

namespace ccproxy::tap {
namespace {

constexpr std::size_t much = 1 << 20;

std::vector<JsonChild> children(std::string_view json) {
    return read_children(json).value();
}

/// Takes apart what was put together, each text as it stands there.
Conversation apart(const ConversationText& text) {
    Conversation conversation;
    conversation.completion = text.completion;
    conversation.truncated = text.truncated;
    const std::string object = "{" + text.prompt + "}";
    for (const JsonChild& member : children(object)) {
        if (member.name == "system") conversation.system = member.json;
        if (member.name != "messages") continue;
        for (const JsonChild& message : children(member.json)) {
            conversation.messages.emplace_back(message.json);
        }
    }
    return conversation;
}

Conversation captured(const std::string& body, std::size_t max_bytes = much) {
    PromptSlices slices;
    REQUIRE(read_request_facts(body, &slices).has_value());
    ConversationCapture capture(max_bytes);
    capture.take_prompt(body, slices);
    return apart(capture.take());
}

using Texts = std::vector<std::string>;

std::string reference(const std::string& media_type, const std::string& bytes) {
    return R"({"type":"reference","media_type":")" + media_type + R"(","sha256":")" +
           to_hex(sha256(bytes)) + R"(","bytes":)" + std::to_string(bytes.size()) + "}";
}

}  // namespace

TEST_CASE("system and messages are taken as they stand, wherever they stand") {
    const Conversation conversation = captured(
        R"({"tools":[{"messages":[{"role":"no"}],"system":"no"}],"messages" : [ {"role":"user",)"
        R"("content":"hi \"\u00e4\" \\"} , {"role": "assistant", "content":[{"type":"text",)"
        R"("text":"[{"}]},{}],"model":"m","system"  :  "be \"brief\"","max_tokens":1})");
    CHECK(conversation.system == R"("be \"brief\"")");
    CHECK(conversation.messages ==
          Texts{R"({"role":"user","content":"hi \"\u00e4\" \\"})",
                R"({"role": "assistant", "content":[{"type":"text","text":"[{"}]})", "{}"});
    CHECK(conversation.completion.empty());
    CHECK_FALSE(conversation.truncated);
    CHECK(captured(R"({"system":[ {"type":"text","text":"a"}, {} ],"messages":[]})").system ==
          R"([ {"type":"text","text":"a"}, {} ])");
}

TEST_CASE("the facts are the same with and without a capture") {
    const std::string body =
        R"({"model":"m","stream":true,"messages":[{"model":"x","stream":false}],)"
        R"("metadata":{"user_id":"{\"session_id\":\"s\"}"}})";
    PromptSlices slices;
    const RequestFacts facts = read_request_facts(body, &slices).value();
    CHECK(facts.model == "m");
    CHECK(facts.stream);
    CHECK(facts.session_id == "s");
    CHECK(read_request_facts("[1]", &slices).has_error());
    CHECK(read_request_facts(R"({"messages":[{])", &slices).has_error());
}

TEST_CASE("what the API does not take is no part of a conversation") {
    for (const char* body :
         {"{}", R"({"system":null,"messages":null})", R"({"system":{"a":"b"},"messages":{"a":{}}})",
          R"({"system":1,"messages":"text"})", R"({"messages":[1,"x",null,[{"a":1}],true]})",
          R"({"x":{"system":"no","messages":[{}]}})"}) {
        CAPTURE(body);
        CHECK(captured(body) == Conversation{});
    }
    CHECK(captured(R"({"messages":[{"a":1}],"messages":[{"b":2}]})").messages ==
          Texts{R"({"b":2})"});
}

TEST_CASE("images and documents are kept by reference, wherever they stand") {
    const std::string body =
        R"({"messages":[{"content":[{"type":"image","source":{"type":"base64","media_type":)"
        R"("image/png","data":"Zm9vYmFy"}},{"type":"tool_result","content":[{"source":{"data":)"
        R"("Zm9v\nYg==","media_type":"application/pdf","type":"base64"},"type":"document"}]}]},)"
        R"({"content":[{"type":"document","source":{"type":"content","content":[{"type":"image",)"
        R"("source":{"type":"base64","media_type":"image\/gif","data":"\/w=="}}]}}]}]})";
    const Conversation conversation = captured(body);
    CHECK(conversation.messages ==
          Texts{R"({"content":[{"type":"image","source":)" + reference("image/png", "foobar") +
                    R"(},{"type":"tool_result","content":[{"source":)" +
                    reference("application/pdf", "foob") + R"(,"type":"document"}]}]})",
                R"({"content":[{"type":"document","source":{"type":"content","content":[)"
                R"({"type":"image","source":)" +
                    reference("image/gif", "\xFF") + "}]}}]}"});
}

TEST_CASE("cache markers are left out where clients move them") {
    const Conversation conversation = captured(
        R"({"system":[{"type":"text","text":"s" , "cache_control" : {"type":"ephemeral"} }],)"
        R"("messages":[{"role":"user","content":[{"type":"text","cache_control":{"type":)"
        R"("ephemeral","ttl":"1h"},"text":"a"},{"text":"b","cache_control":null,)"
        R"("cache_control":[]}]}]})");
    CHECK(conversation.system == R"([{"type":"text","text":"s" }])");
    CHECK(conversation.messages ==
          Texts{R"({"role":"user","content":[{"type":"text","text":"a"},{"text":"b"}]})"});
    // Not there: these stay as they are.
    for (const std::string message :
         {R"({"content":[{"cache_control":{},"type":"text"},{"cache_control":1}]})",
          R"({"role":"user","cache_control":{},"content":"cache_control"})",
          R"({"content":[{"type":"tool_use","input":{"a":1,"cache_control":2}}]})",
          R"({"content":[{"a":1,"content":[{"b":1,"cache_control":{}}]}]})",
          R"({"other":[{"a":1,"cache_control":{}}],"content":{"a":1,"cache_control":{}}})"}) {
        CAPTURE(message);
        CHECK(captured(R"({"messages":[)" + message + "]}").messages == Texts{message});
    }
    // Of two the first stays, and with a marker goes what it holds.
    CHECK(captured(R"({"messages":[{"content":[{"cache_control":1,"cache_control":2,"x":{}}]}]})")
              .messages == Texts{R"({"content":[{"cache_control":1,"x":{}}]})"});
    CHECK(captured(R"({"messages":[{"content":[{"x":1,"cache_control":{"source":{"type":"base64",)"
                   R"("data":"Zm9v"}},"y":2}]}]})")
              .messages == Texts{R"({"content":[{"x":1,"y":2}]})"});
}

TEST_CASE("other sources stay as they are") {
    for (const std::string source :
         {R"({"type":"url","url":"https://x/y.png"})", R"({"type":"file","file_id":"f"})",
          R"({"type":"text","media_type":"text/plain","data":"Zm9v"})",
          R"({"media_type":"text/plain","data":"Zm9v","type":"text"})",
          R"({"type":"base64","media_type":"image/png","data":"not base64"})",
          R"({"type":"base64","media_type":"image/png"})", R"("base64")",
          R"([{"type":"base64","data":"Zm9v"}])"}) {
        CAPTURE(source);
        const std::string message = R"({"content":[{"source":)" + source + "}]}";
        CHECK(captured(R"({"messages":[)" + message + "]}").messages == Texts{message});
    }
    const std::string plain = R"({"type":"base64","media_type":"image/png","data":"Zm9v"})";
    CHECK(captured(R"({"messages":[)" + plain + "]}").messages == Texts{plain});
}

TEST_CASE("beyond the limit the oldest messages are left out") {
    std::string body = R"({"system":"s","messages":[)";
    for (int i = 0; i < 100; ++i) {
        if (i > 0) body += ',';
        body += R"({"n":)" + std::to_string(100 + i) + "}";
    }
    body += "]}";
    // Ten bytes a message with its comma, and three for the system prompt.
    const Conversation conversation = captured(body, 54);
    CHECK(conversation.truncated);
    CHECK(conversation.system == R"("s")");
    CHECK(conversation.messages ==
          Texts{R"({"n":195})", R"({"n":196})", R"({"n":197})", R"({"n":198})", R"({"n":199})"});
    CHECK_FALSE(captured(body, 1003).truncated);
    CHECK(captured(body, 1002).messages.size() == 99);
}

TEST_CASE("the completion takes its room from the oldest messages") {
    const std::string body =
        R"({"messages":[{"a":"111111111111111111111111111111"},{"b":"222222222222222222222222222222"}]})";
    PromptSlices slices;
    REQUIRE(read_request_facts(body, &slices).has_value());
    ConversationCapture capture(100);
    capture.take_prompt(body, slices);
    capture.completion().take_message(R"({"content":[{"t":"33333"}]})");
    const Conversation conversation = apart(capture.take());
    CHECK(conversation.truncated);
    CHECK(conversation.messages == Texts{R"({"b":"222222222222222222222222222222"})"});
    CHECK(conversation.completion == R"({"role":"assistant","content":[{"t":"33333"}]})");
}

TEST_CASE("where the completion needs the room of all messages, none is left") {
    const std::string body = R"({"messages":[{"a":")" + std::string(40, 'a') + R"("}]})";
    PromptSlices slices;
    REQUIRE(read_request_facts(body, &slices).has_value());
    ConversationCapture capture(80);
    capture.take_prompt(body, slices);
    capture.completion().take_message(R"({"content":[{}]})");
    const Conversation conversation = apart(capture.take());
    CHECK(conversation.truncated);
    CHECK(conversation.messages.empty());
    CHECK(conversation.completion == R"({"role":"assistant","content":[{}]})");
}

TEST_CASE("a system prompt of half the limit is left out, and so is a message beyond all of it") {
    const std::string system = '"' + std::string(60, 's') + '"';
    const Conversation without = captured(R"({"messages":[{"a":1}],"system":)" + system + "}", 100);
    CHECK(without.truncated);
    CHECK(without.system.empty());
    CHECK(without.messages == Texts{R"({"a":1})"});
    const Conversation nothing =
        captured(R"({"messages":[{"a":1},{"b":")" + std::string(200, 'x') + R"("}]})", 100);
    CHECK(nothing.truncated);
    CHECK(nothing.messages.empty());
}

TEST_CASE("the limit counts what is kept, not the images that are not") {
    const std::string image = std::string(4000, 'A');
    const std::string body =
        R"({"messages":[{"source":{"type":"base64","media_type":"i","data":")" + image + R"("}}]})";
    const Conversation conversation = captured(body, 400);
    CHECK_FALSE(conversation.truncated);
    CHECK(conversation.messages ==
          Texts{R"({"source":)" + reference("i", std::string(3000, '\0')) + "}"});
}

TEST_CASE("what is nested too deeply is left out, and deep nesting does not exhaust the stack") {
    const auto nested = [](std::size_t depth) {
        // The message itself is the first level.
        return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
    };
    const std::string good = nested(max_conversation_depth);
    const Conversation conversation =
        captured(R"({"messages":[)" + nested(max_conversation_depth + 1) + "," + good + "]}");
    CHECK(conversation.truncated);
    CHECK(conversation.messages == Texts{good});
    std::string sources = R"({"messages":[)";
    for (int i = 0; i < 200'000; ++i) sources += R"({"source":)";
    sources.append("1").append(200'000, '}').append("]}");
    CHECK(captured(sources).messages.empty());
    CHECK(
        captured(R"({"system":)" + std::string(300, '[') + std::string(300, ']') + "}").truncated);
}

TEST_CASE("of more messages than may be the newest are kept") {
    std::string body = R"({"messages":[)";
    const std::size_t count = 2 * max_conversation_messages + 5;
    for (std::size_t i = 0; i < count; ++i) body += i == 0 ? "{}" : ",{}";
    body.insert(body.size() - 2, R"({"last":1},)");
    body += "]}";
    const Conversation conversation = captured(body, 64 << 20);
    CHECK(conversation.truncated);
    CHECK(conversation.messages.size() == max_conversation_messages);
    CHECK(conversation.messages[max_conversation_messages - 2] == R"({"last":1})");
}

TEST_CASE("ill-formed UTF-8 is made clean") {
    const Conversation conversation =
        captured("{\"system\":\"\xFF\",\"messages\":[{\"a\":\"\xE4\xB8 \xE4\xB8\xAD\"}]}");
    CHECK(conversation.system == "\"\xEF\xBF\xBD\"");
    CHECK(conversation.messages == Texts{"{\"a\":\"\xEF\xBF\xBD\xEF\xBF\xBD \xE4\xB8\xAD\"}"});
}

TEST_CASE("what is given up is gone, and says so") {
    const std::string body = R"({"system":"s","messages":[{"a":1}]})";
    PromptSlices slices;
    REQUIRE(read_request_facts(body, &slices).has_value());
    ConversationCapture capture(much);
    capture.take_prompt(body, slices);
    CHECK(capture.held_bytes() > 10);
    capture.give_up();
    CHECK(capture.held_bytes() == 0);
    capture.completion().take_message(R"({"content":[{"t":1}]})");
    CHECK(capture.held_bytes() == 0);
    ConversationText nothing;
    nothing.truncated = true;
    CHECK(capture.take() == nothing);
}

}  // namespace ccproxy::tap
