#include "proxy/tap/completion.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "common/hash.hpp"
#include "common/json.hpp"
#include "proto/conversation.hpp"
#include "proxy/tap/usage_tap.hpp"
#include "tests/unit/proxy/tap/gzip.hpp"

namespace ccproxy::tap {
namespace {

constexpr std::size_t much = 1 << 20;

std::string event(const std::string& type, const std::string& rest = "") {
    return "event: " + type + "\ndata: {\"type\":\"" + type + '"' + rest + "}\n\n";
}
std::string start(int index, const std::string& block) {
    return event("content_block_start",
                 ",\"index\":" + std::to_string(index) + ",\"content_block\":" + block);
}
std::string delta(int index, const std::string& members) {
    return event("content_block_delta",
                 ",\"index\":" + std::to_string(index) + ",\"delta\":{" + members + "}");
}
std::string text_delta(int index, const std::string& text) {
    return delta(index, R"("type":"text_delta","text":")" + text + '"');
}
std::string input_delta(int index, const std::string& partial) {
    return delta(index, R"("type":"input_json_delta","partial_json":")" + partial + '"');
}
std::string stop(int index) {
    return event("content_block_stop", ",\"index\":" + std::to_string(index));
}
const std::string message_stop = event("message_stop");
const std::string text_start = start(0, R"({"type":"text","text":""})");
const std::string tool_start = start(0, R"({"type":"tool_use","id":"t","name":"n","input":{}})");

Completion fed(const std::string& body, std::size_t max_bytes = much,
               const std::string& type = "text/event-stream") {
    Completion completion(max_bytes);
    UsageTap tap(type, "");
    tap.capture(completion);
    tap.feed(body);
    tap.finish();
    return completion;
}
std::string streamed(const std::string& body) {
    return fed(body).json();
}
std::string plain(const std::string& body) {
    return fed(body, much, "application/json").json();
}
std::string message(const std::string& blocks) {
    return R"({"role":"assistant","content":[)" + blocks + "]}";
}

/// An answer with every kind of block, and what it comes to.
const std::string every_kind =
    event("message_start", R"(,"message":{"role":"assistant","content":[]})") +
    start(0, R"({"type":"thinking","thinking":"","signature":""})") + event("ping") +
    delta(0, R"("type":"thinking_delta","thinking":"let ")") +
    delta(0, R"("type":"thinking_delta","thinking":"me\nsee")") +
    delta(0, R"("type":"signature_delta","signature":"c2ln")") + stop(0) +
    start(1, R"({"type":"redacted_thinking","data":"ZGF0YQ=="})") + stop(1) +
    start(2, R"({"citations":[],"type":"text","text":"A"})") + text_delta(2, "nswer \\u4e2d") +
    text_delta(2, "\xE6\x96\x87 \\\"quoted\\\"") +
    delta(2, R"("type":"citations_delta","citation":{"type":"page","pages":[1,2]})") +
    delta(2, R"("type":"citations_delta","citation":{"type":"char"})") + stop(2) +
    start(3, R"({"type":"server_tool_use","id":"s","name":"web_search","input":{}})") +
    input_delta(3, "") + input_delta(3, "{\\\"query\\\": ") + input_delta(3, "\\\"x\\\"}") +
    stop(3) +
    start(4, R"({"type":"web_search_tool_result","tool_use_id":"s","content":[{"url":"u"}]})") +
    stop(4) + start(5, R"({"type":"tool_use","id":"t","name":"n","input":{}})") +
    input_delta(5, "{\\\"a\\\":[1,") + input_delta(5, "2.50]}") + stop(5) +
    start(6, R"({"type":"brand_new","what":{"ever":null}})") +
    delta(6, R"("type":"brand_new_delta","note":"grows","number":1)") + stop(6) +
    event("message_delta", R"(,"delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9})") +
    message_stop;
const std::string every_kind_message = message(
    R"({"type":"thinking","thinking":"let me\nsee","signature":"c2ln"},)"
    R"({"type":"redacted_thinking","data":"ZGF0YQ=="},)"
    "{\"citations\":[{\"type\":\"page\",\"pages\":[1,2]},{\"type\":\"char\"}],\"type\":\"text\","
    "\"text\":\"Answer \xE4\xB8\xAD\xE6\x96\x87 \\\"quoted\\\"\"},"
    R"({"type":"server_tool_use","id":"s","name":"web_search","input":{"query": "x"}},)"
    R"({"type":"web_search_tool_result","tool_use_id":"s","content":[{"url":"u"}]},)"
    R"({"type":"tool_use","id":"t","name":"n","input":{"a":[1,2.50]}},)"
    R"({"type":"brand_new","what":{"ever":null},"note":"grows"})");

}  // namespace

TEST_CASE("every kind of block is put together") {
    CHECK(streamed(every_kind) == every_kind_message);
}

TEST_CASE("the message is the same however the bytes are cut, and also from gzip") {
    const std::string packed = gzip(every_kind);
    std::mt19937 random(1);
    for (int round = 0; round < 300; ++round) {
        const bool is_packed = round % 2 == 1;
        const std::string& body = is_packed ? packed : every_kind;
        Completion completion(much);
        UsageTap tap("text/event-stream", is_packed ? "gzip" : "");
        tap.capture(completion);
        const std::size_t longest = round < 4 ? 1 : 1 + random() % 400;
        for (std::size_t at = 0; at < body.size();) {
            const std::size_t size = 1 + random() % longest;
            tap.feed(std::string_view(body).substr(at, size));
            at += size;
        }
        CAPTURE(round, longest);
        REQUIRE(completion.json() == every_kind_message);
    }
}

TEST_CASE("however early a stream breaks off, what has arrived is a message") {
    std::string last;
    for (std::size_t size = 0; size <= every_kind.size(); size += 3) {
        const Completion completion = fed(every_kind.substr(0, size));
        const std::string json = completion.json();
        CAPTURE(size, json);
        CHECK_FALSE(completion.truncated());
        CHECK(json.size() <= completion.bytes());
        if (!json.empty()) {
            rapidjson::Document document;
            document.Parse(json.data(), json.size());
            REQUIRE_FALSE(document.HasParseError());
            CHECK(document["content"].Size() >= 1);
        }
        last = json;
    }
    CHECK(streamed(text_start + text_delta(0, "open")) ==
          message(R"({"type":"text","text":"open"})"));
    CHECK(streamed(event("message_start")).empty());
    CHECK(streamed("").empty());
}

TEST_CASE("a tool's input that did not arrive whole is kept as text") {
    CHECK(streamed(tool_start + input_delta(0, "{\\\"city\\\": \\\"Par")) ==
          message(R"({"type":"tool_use","id":"t","name":"n","input":{},)"
                  R"("partial_json":"{\"city\": \"Par"})"));
    for (const std::string text : {"[1]", "7", "{}x", "{}\\u0000x", " ", "{\\\"a\\\":}"}) {
        CAPTURE(text);
        CHECK(streamed(tool_start + input_delta(0, text)).find("\"partial_json\":\"") !=
              std::string::npos);
    }
    const std::string deep(2 * max_conversation_depth, '[');
    CHECK(streamed(tool_start + input_delta(0, "{\\\"a\\\":" + deep)).find("partial_json") !=
          std::string::npos);
    CHECK(streamed(tool_start + input_delta(0, "") + stop(0)) ==
          message(R"({"type":"tool_use","id":"t","name":"n","input":{}})"));
    CHECK(streamed(tool_start + input_delta(0, " {\\\"a\\\":1} ")) ==
          message(R"({"type":"tool_use","id":"t","name":"n","input": {"a":1} })"));
}

TEST_CASE("blocks may be open side by side, and events may lack their names") {
    const std::string second = start(1, R"({"type":"text","text":""})");
    std::string body = text_start + second + text_delta(0, "a") + text_delta(1, "b") +
                       text_delta(0, "c") + text_delta(7, "nobody's");
    const std::string expected =
        message(R"({"type":"text","text":"ac"},{"type":"text","text":"b"})");
    CHECK(streamed(body) == expected);
    for (std::size_t at = 0; (at = body.find("event: ", at)) != std::string::npos;) {
        body.erase(at, body.find('\n', at) + 1 - at);
    }
    CHECK(streamed(body) == expected);
}

TEST_CASE("members that start as null take the text of their deltas") {
    CHECK(streamed(start(0, R"({"type":"text","text":null,"citations":null})") +
                   text_delta(0, "t") +
                   delta(0, R"("type":"citations_delta","citation":{"a":1})")) ==
          message(R"({"type":"text","text":"t","citations":[{"a":1}]})"));
    CHECK(streamed(start(0, R"({"type":"text"})") + text_delta(0, "t") +
                   delta(0, R"("type":"citations_delta","citation":{"a":1})")) ==
          message(R"({"type":"text","citations":[{"a":1}],"text":"t"})"));
    CHECK(streamed(start(0, R"({"type":"x","text":{"a":1}})") + text_delta(0, "t")) ==
          message(R"({"type":"x","text":{"a":1}})"));
}

TEST_CASE("a plain answer gives its content") {
    CHECK(plain(R"({"id":"m","type":"message","role":"assistant","content":[)"
                R"({"type":"text","text":"a \"b\""}, {"type":"tool_use","input":{"x":[1]}}],)"
                R"("usage":{}})") ==
          message(R"({"type":"text","text":"a \"b\""},{"type":"tool_use","input":{"x":[1]}})"));
    for (const char* body :
         {"", "{", "[]", R"({"content":"text"})", R"({"content":[]})", R"({"content":[1,"x"]})",
          R"({"type":"error","error":{}})", R"({"content":[{"type":"text","text":"cut sho)"}) {
        CAPTURE(body);
        CHECK(plain(body).empty());
    }
}

TEST_CASE("documents in an answer are kept by reference") {
    const std::string block = R"({"type":"web_fetch_tool_result","content":{"source":)";
    const std::string source = R"({"type":"base64","media_type":"application/pdf","data":"Zm9v"})";
    const std::string kept =
        message(block + R"({"type":"reference","media_type":"application/pdf","sha256":")" +
                to_hex(sha256("foo")) + R"(","bytes":3}}})");
    CHECK(streamed(start(0, block + source + "}}")) == kept);
    CHECK(plain(R"({"content":[)" + block + source + "}}]}") == kept);
}

TEST_CASE("what comes beyond the limit is left out, and the rest stays valid") {
    std::string body = text_start;
    for (int i = 0; i < 100; ++i) body += text_delta(0, "0123456789");
    const Completion completion = fed(body, 200);
    CHECK(completion.truncated());
    CHECK(completion.json().size() <= 200);
    CHECK(completion.json().find("01234567890123456789") != std::string::npos);
    const Completion escaped =
        fed(text_start + text_delta(0, std::string(100, '\\') + "\\u0001"), 140);
    CHECK(escaped.truncated());
    CHECK(escaped.json() == message(R"({"type":"text","text":""})"));
    const Completion large = fed(start(0, R"({"type":"x","y":")" + std::string(300, 'y') + "\"}") +
                                     text_start + text_delta(0, "t"),
                                 200);
    CHECK(large.truncated());
    CHECK(large.json().empty());
}

TEST_CASE("what cannot be read is said to be missing") {
    const std::string huge(SseParser::default_max_event_bytes + 10, 'x');
    const Completion passed_over = fed(text_start + text_delta(0, huge) + text_delta(0, "t"));
    CHECK(passed_over.truncated());
    CHECK(passed_over.json() == message(R"({"type":"text","text":"t"})"));
    const std::string deep = R"({"a":)" + std::string(300, '[') + std::string(300, ']') + "}";
    const Completion left_out =
        fed(start(0, deep) + text_delta(0, "gone") + start(1, R"({"type":"text","text":"b"})"));
    CHECK(left_out.truncated());
    CHECK(left_out.json() == message(R"({"type":"text","text":"b"})"));
    Completion broken(much);
    UsageTap tap("text/event-stream", "gzip");
    tap.capture(broken);
    tap.feed("not gzip");
    CHECK(broken.truncated());
}

TEST_CASE("nonsense in a stream does no harm") {
    const std::string nonsense =
        event("content_block_start") + event("content_block_start", R"(,"content_block":7)") +
        event("content_block_delta", R"(,"index":"x","delta":[])") +
        event("content_block_delta", R"(,"index":-1,"delta":{"text":{"citation":{}}})") +
        "event: content_block_delta\ndata: {broken\n\nevent: content_block_start\ndata: []\n\n";
    CHECK(streamed(nonsense).empty());
    CHECK(
        streamed(text_start + nonsense + text_delta(0, "\\udc00 \xFF")) ==
        message(
            "{\"type\":\"text\",\"text\":\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD\"}"));
}

}  // namespace ccproxy::tap
