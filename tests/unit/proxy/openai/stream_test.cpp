#include "proxy/openai/stream.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

namespace ccproxy::openai {
namespace {

std::string event(const std::string& type, const std::string& members = "") {
    return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + (members.empty() ? "" : ",") +
           members + "}\n\n";
}

const std::string start =
    event("message_start", R"("message":{"id":"msg_1","model":"claude","usage":{"input_tokens":3,)"
                           R"("cache_read_input_tokens":10,"output_tokens":1}})");
const std::string stop = event("message_stop");

std::string block_start(const std::string& block) {
    return event("content_block_start", R"("index":0,"content_block":)" + block);
}

std::string delta(const std::string& json) {
    return event("content_block_delta", R"("index":0,"delta":)" + json);
}

std::string text(const std::string& said) {
    return delta(R"({"type":"text_delta","text":")" + said + "\"}");
}

std::string block_stop() {
    return event("content_block_stop", R"("index":0)");
}

std::string end(const std::string& stop_reason) {
    return event("message_delta", R"("delta":{"stop_reason":")" + stop_reason +
                                      R"("},"usage":{"output_tokens":7})") +
           stop;
}

std::string translated(const std::string& stream, bool usage = false) {
    StreamTranslator translator(usage, 1'700'000'000);
    std::string out;
    translator.feed(stream, out);
    translator.finish(out);
    return out;
}

/// A chunk with this delta.
std::string chunk(const std::string& members, const std::string& finish = "null",
                  const std::string& rest = "") {
    return R"(data: {"id":"msg_1","object":"chat.completion.chunk","created":1700000000,)"
           R"("model":"claude","choices":[{"index":0,"delta":{)" +
           members + R"(},"logprobs":null,"finish_reason":)" + finish + "}]" + rest + "}\n\n";
}

const std::string role = chunk(R"("role":"assistant","content":"")");
const std::string done = "data: [DONE]\n\n";

std::string call(const std::string& members) {
    return chunk(R"("tool_calls":[{"index":)" + members + "}]");
}

/// A stream with everything in it.
const std::string rich =
    start + event("ping") + block_start(R"({"type":"thinking","thinking":""})") +
    delta(R"({"type":"thinking_delta","thinking":"Hm."})") +
    delta(R"({"type":"signature_delta","signature":"s"})") + block_stop() +
    block_start(R"({"type":"text","text":""})") + text("Hel") + text("lo 世界") + block_stop() +
    block_start(R"({"type":"tool_use","id":"t1","name":"f","input":{}})") +
    delta(R"({"type":"input_json_delta","partial_json":""})") +
    delta(R"({"type":"input_json_delta","partial_json":"{\"a\":"})") +
    delta(R"({"type":"input_json_delta","partial_json":" 1}"})") + block_stop() +
    block_start(R"({"type":"tool_use","id":"t2","name":"g","input":{}})") + block_stop() +
    end("tool_use");

}  // namespace

TEST_CASE("a stream of text, with its finish reason and end") {
    CHECK(translated(start + block_start(R"({"type":"text","text":""})") + text("Hel") +
                     text("lo") + block_stop() + end("max_tokens")) ==
          role + chunk(R"("content":"Hel")") + chunk(R"("content":"lo")") +
              chunk("", R"("length")") + done);
}

TEST_CASE("usage comes in a chunk of its own, only when it was asked for") {
    const std::string null_usage = R"(,"usage":null)";
    CHECK(translated(start + text("a") + end("end_turn"), true) ==
          chunk(R"("role":"assistant","content":"")", "null", null_usage) +
              chunk(R"("content":"a")", "null", null_usage) + chunk("", R"("stop")", null_usage) +
              R"(data: {"id":"msg_1","object":"chat.completion.chunk","created":1700000000,)"
              R"("model":"claude","choices":[],"usage":{"prompt_tokens":13,)"
              R"("completion_tokens":7,"total_tokens":20,"prompt_tokens_details":)"
              "{\"cached_tokens\":10}}}\n\n" +
              done);
    CHECK(translated(event("message_start") + stop, true).find("prompt_tokens") ==
          std::string::npos);
}

TEST_CASE("tools: index, id and name first, then the arguments; thinking is not shown") {
    CHECK(translated(rich) ==
          role + ": ping\n\n" + chunk(R"("content":"Hel")") + chunk(R"("content":"lo 世界")") +
              call(R"(0,"id":"t1","type":"function","function":{"name":"f","arguments":""})") +
              call(R"(0,"function":{"arguments":"{\"a\":"})") +
              call(R"(0,"function":{"arguments":" 1}"})") +
              call(R"(1,"id":"t2","type":"function","function":{"name":"g","arguments":""})") +
              call(R"(1,"function":{"arguments":"{}"})") + chunk("", R"("tool_calls")") + done);
}

TEST_CASE("an input that comes whole with its block is the arguments") {
    CHECK(translated(start +
                     block_start(R"({"type":"tool_use","id":"t","name":"f",)"
                                 R"("input":{"a":1}})") +
                     block_stop() + end("tool_use"))
              .find(call(R"(0,"function":{"arguments":"{\"a\":1}"})")) != std::string::npos);
}

TEST_CASE("the output is the same however the input is cut") {
    const std::string expected = translated(rich, true);
    for (std::size_t piece = 1; piece <= 40; ++piece) {
        CAPTURE(piece);
        StreamTranslator translator(true, 1'700'000'000);
        std::string out;
        for (std::size_t at = 0; at < rich.size(); at += piece) {
            translator.feed(std::string_view(rich).substr(at, piece), out);
        }
        translator.finish(out);
        CHECK(out == expected);
    }
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        StreamTranslator translator(true, 1'700'000'000);
        std::string out;
        for (std::size_t at = 0; at < rich.size();) {
            const std::size_t piece = 1 + random() % 300;
            translator.feed(std::string_view(rich).substr(at, piece), out);
            at += piece;
        }
        translator.finish(out);
        CHECK(out == expected);
    }
}

TEST_CASE("damage never makes a stream that looks whole without its last event") {
    std::mt19937 random(11);
    const std::string unfinished = rich.substr(0, rich.size() - stop.size());
    for (int round = 0; round < 3000; ++round) {
        std::string damaged = unfinished;
        for (auto i = 1 + random() % 4; i > 0; --i) {
            const std::size_t at = random() % damaged.size();
            switch (random() % 3) {
                case 0:
                    damaged[at] = static_cast<char>(random());
                    break;
                case 1:
                    damaged.erase(at, random() % 30);
                    break;
                default:
                    damaged.insert(at, rich, random() % unfinished.size(), random() % 30);
            }
        }
        const std::string out = translated(damaged, true);
        if (out.find("DONE") != std::string::npos) FAIL("taken for whole: " << damaged);
        if (out.find("data: {\"error\":") == std::string::npos) FAIL("no error: " << damaged);
    }
}

TEST_CASE("nothing that ends the answer is given before the upstream's last event") {
    StreamTranslator translator(true, 1'700'000'000);
    std::string out;
    translator.feed(rich.substr(0, rich.size() - stop.size()), out);
    CHECK(out.find("DONE") == std::string::npos);
    CHECK(out.find("prompt_tokens") == std::string::npos);
    CHECK(out.find(R"("finish_reason":")") == std::string::npos);
    out.clear();
    translator.feed(stop, out);
    CHECK(out.ends_with(done));
    const std::string whole = out;
    translator.feed(rich, out);
    translator.finish(out);
    CHECK(out == whole);
}

TEST_CASE("an error in mid-stream is the stream's last word") {
    CHECK(
        translated(start + text("a") +
                   event("error", R"("error":{"type":"overloaded_error","message":"Overloaded"})") +
                   text("b") + end("end_turn")) ==
        role + chunk(R"("content":"a")") +
            R"(data: {"error":{"message":"Overloaded","type":"server_error","param":null,)"
            "\"code\":\"overloaded\"}}\n\n");
}

TEST_CASE("a stream that is cut short or cannot be read ends with an error, never as if whole") {
    for (const std::string& broken :
         {start + text("a"), std::string(), start + "data: {\"type\":\n\n" + end("end_turn"),
          start + "data: \xFF\n\n" + end("end_turn"),
          start + text(std::string(tap::SseParser::default_max_event_bytes, 'x')) + end("end_turn"),
          start + "data: " + std::string(100'000, '[') + "\n\n" + end("end_turn")}) {
        const std::string out = translated(broken);
        CHECK(out.find("DONE") == std::string::npos);
        CHECK(out.find(R"("finish_reason":")") == std::string::npos);
        const std::size_t last = out.rfind("data: ");
        REQUIRE(last != std::string::npos);
        CHECK(out.substr(last).starts_with(R"(data: {"error":{"message":"the upstream)"));
    }
}

TEST_CASE("events of wrong shapes are passed over") {
    CHECK(translated(start + "data: []\n\ndata: 7\n\n" + event("message_start", "\"message\":1") +
                     event("content_block_start") + event("content_block_delta") +
                     event("content_block_delta", R"("delta":{"type":"text_delta","text":1})") +
                     delta(R"({"type":"input_json_delta","partial_json":"{"})") + block_stop() +
                     event("something_new", "\"a\":1") + end("end_turn")) ==
          role + chunk("", R"("stop")") + done);
}

}  // namespace ccproxy::openai
