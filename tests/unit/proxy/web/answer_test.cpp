#include "proxy/web/answer.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::web {
namespace {

AnswerFacts facts(bool stream, std::vector<std::string> stop_sequences = {}) {
    AnswerFacts facts;
    facts.id = "msg_1";
    facts.model = "asked";
    facts.stream = stream;
    facts.prompt_tokens = 5;
    facts.stop_sequences = std::move(stop_sequences);
    return facts;
}

std::string event(const std::string& type, const std::string& members = "") {
    return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + (members.empty() ? "" : ",") +
           members + "}\n\n";
}

std::string completion(const std::string& text, const std::string& stop_reason = "null") {
    return event("completion", R"("id":"chatcompl_1","completion":")" + text +
                                   R"(","stop_reason":)" + stop_reason +
                                   R"(,"model":"served","stop":null,"log_id":"l",)"
                                   R"("messageLimit":{"type":"within_limit"})");
}

std::string block_start(const std::string& block) {
    return event("content_block_start", R"("index":0,"content_block":)" + block);
}
std::string text(const std::string& said) {
    return event("content_block_delta",
                 R"("index":0,"delta":{"type":"text_delta","text":")" + said + "\"}");
}
std::string thought(const std::string& said) {
    return event("content_block_delta",
                 R"("index":0,"delta":{"type":"thinking_delta","thinking":")" + said + "\"}");
}
const std::string block_stop = event("content_block_stop", R"("index":0)");
const std::string start = event("message_start", R"("message":{"id":"x","model":"served"})");
const std::string stop = event("message_delta", R"("delta":{"stop_reason":"max_tokens"})") +
                         event("message_limit", R"("message_limit":{"type":"within_limit"})") +
                         event("message_stop");

const std::string older = completion(" Hello") + completion(", 世界") +
                          event("conversation_ready") + completion("!", R"("stop_sequence")");
const std::string newer =
    start + event("ping") + block_start(R"({"type":"thinking","thinking":""})") + thought("Hm.") +
    block_stop + block_start(R"({"type":"tool_use","id":"t","name":"f"})") +
    event("content_block_delta", R"("index":1,"delta":{"type":"input_json_delta"})") + block_stop +
    block_start(R"({"type":"text","text":""})") + text("Hello") + text(", 世界!") + block_stop +
    stop;

struct Got {
    std::string out;
    std::optional<Failure> failure;
    Usage usage;
};

Got run(const std::string& stream, const AnswerFacts& about, std::size_t bytes = 1'000'000) {
    Answer answer(about, "secret");
    Got got;
    for (std::size_t at = 0; at < stream.size(); at += bytes) {
        answer.feed(stream.substr(at, bytes), false, got.out);
    }
    answer.feed("", true, got.out);
    got.failure = answer.failure();
    got.usage = answer.usage();
    return got;
}

std::string plain(const std::string& content, const std::string& stopped, int output) {
    return R"({"id":"msg_1","type":"message","role":"assistant","model":"served","content":[)" +
           content + "]," + stopped + R"(,"usage":{"input_tokens":5,"output_tokens":)" +
           std::to_string(output) + "}}";
}

}  // namespace

TEST_CASE("the older dialect as a stream") {
    const Got got = run(older, facts(true));
    const auto delta = [](const std::string& said) {
        return event("content_block_delta",
                     R"("index":0,"delta":{"type":"text_delta","text":")" + said + "\"}");
    };
    CHECK(
        got.out ==
        event("message_start",
              R"("message":{"id":"msg_1","type":"message","role":"assistant","model":"served",)"
              R"("content":[],"stop_reason":null,"stop_sequence":null,)"
              R"("usage":{"input_tokens":5,"output_tokens":0}})") +
            event("content_block_start", R"("index":0,"content_block":{"type":"text","text":""})") +
            delta("Hello") + delta(", 世界") + delta("!") +
            event("content_block_stop", R"("index":0)") +
            event("message_delta", R"("delta":{"stop_reason":"end_turn","stop_sequence":null},)"
                                   R"("usage":{"output_tokens":3})") +
            event("message_stop"));
    CHECK(got.usage.input_tokens == 5);
    CHECK(got.usage.output_tokens == 3);  // Of 10 characters.
}

TEST_CASE("the newer dialect as a stream, with what is no text left out") {
    const std::string out = run(newer, facts(true)).out;
    CHECK(out.find(R"("content_block":{"type":"thinking","thinking":"","signature":""})") !=
          std::string::npos);
    CHECK(out.find(R"("index":1,"content_block":{"type":"text","text":""})") != std::string::npos);
    CHECK(out.find(event("ping")) != std::string::npos);
    for (const char* unseen : {"tool_use", "message_limit", "input_json", "\"index\":2"}) {
        CHECK(out.find(unseen) == std::string::npos);
    }
    CHECK(out.ends_with(R"("delta":{"stop_reason":"max_tokens","stop_sequence":null},)"
                        R"("usage":{"output_tokens":4}})"
                        "\n\n" +
                        event("message_stop")));
}

TEST_CASE("both dialects as plain messages") {
    CHECK(run(older, facts(false)).out == plain(R"({"type":"text","text":"Hello, 世界!"})",
                                                R"("stop_reason":"end_turn","stop_sequence":null)",
                                                3));
    CHECK(run(newer, facts(false)).out ==
          plain(R"({"type":"thinking","thinking":"Hm.","signature":""},)"
                R"({"type":"text","text":"Hello, 世界!"})",
                R"("stop_reason":"max_tokens","stop_sequence":null)", 4));
}

TEST_CASE("an answer is the same however its bytes are cut") {
    for (const std::string& stream : {older, newer}) {
        for (const bool streamed : {false, true}) {
            const std::string whole = run(stream, facts(streamed, {"world", "界?"})).out;
            for (std::size_t bytes = 1; bytes < stream.size(); ++bytes) {
                const Got cut = run(stream, facts(streamed, {"world", "界?"}), bytes);
                REQUIRE(cut.out == whole);
                REQUIRE_FALSE(cut.failure.has_value());
            }
        }
    }
}

TEST_CASE("a stop sequence ends the answer before the backend does") {
    for (const std::string& stream : {older, newer}) {
        Answer answer(facts(true, {"lo, "}), "");
        std::string out;
        answer.feed(stream, false, out);
        CHECK(answer.needs_no_more());
        CHECK(out.find(R"("text":"Hel")") != std::string::npos);
        CHECK(out.find("世界") == std::string::npos);
        CHECK(out.find(R"("stop_reason":"stop_sequence","stop_sequence":"lo, ")") !=
              std::string::npos);
        CHECK(out.ends_with(event("message_stop")));
    }
    const Got got = run(older, facts(false, {"lo, "}));
    CHECK(got.out == plain(R"({"type":"text","text":"Hel"})",
                           R"("stop_reason":"stop_sequence","stop_sequence":"lo, ")", 1));
}

TEST_CASE("what looks like the start of a stop sequence at the end is text") {
    const std::string out = run(older, facts(true, {"!!"})).out;
    CHECK(out.find(R"("text":"!")") != std::string::npos);
    CHECK(out.find(R"("stop_reason":"end_turn")") != std::string::npos);
}

TEST_CASE("an error ends the answer") {
    const std::string error =
        event("error", R"("error":{"type":"overloaded_error","message":"Overloaded, secret"})");
    for (const std::string& begun : {std::string(), completion(" Hello"), start + text("Hello")}) {
        const Got streamed = run(begun + error + stop, facts(true));
        CHECK(streamed.out.ends_with(
            event("error", R"("error":{"type":"overloaded_error","message":"Overloaded, …"})")));
        const Got whole = run(begun + error + stop, facts(false));
        CHECK(whole.out.empty());
        REQUIRE(whole.failure.has_value());
        CHECK(whole.failure->status == 529);
        CHECK(whole.failure->message == "Overloaded, …");
    }
}

TEST_CASE("a stream that ends before its last event has failed, and tells what it said") {
    for (const std::string& begun : {completion(" Hello"), start + text("Hello")}) {
        const Got streamed = run(begun, facts(true));
        CHECK(streamed.out.ends_with(
            event("error", R"("error":{"type":"api_error",)"
                           R"("message":"the upstream's stream ended before its last event"})")));
        CHECK(streamed.usage.output_tokens == 2);
        const Got whole = run(begun, facts(false));
        CHECK(whole.out.empty());
        CHECK(whole.failure.value_or(Failure{}).status == 502);
        CHECK(whole.usage.output_tokens == 2);
    }
}

TEST_CASE("events that cannot be read") {
    CHECK(run("event: news\ndata: not JSON\n\n" + older, facts(false)).out ==
          run(older, facts(false)).out);
    CHECK(run("event: completion\ndata: not JSON\n\n" + older, facts(false)).failure.has_value());
    const std::string large =
        "data: " + std::string(tap::SseParser::default_max_event_bytes, 'x') + "\n\n";
    CHECK(run(large + older, facts(false)).failure.has_value());
}

TEST_CASE("a plain answer has a limit") {
    const std::string piece = text(std::string(1 << 20, 'x'));
    Answer answer(facts(false), "");
    std::string out;
    for (int i = 0; i < 34 && !answer.failure(); ++i) answer.feed(piece, false, out);
    REQUIRE(answer.failure().has_value());
    CHECK(answer.failure()->status == 502);
    CHECK(out.empty());
}

}  // namespace ccproxy::web
