#include "proxy/tap/usage_tap.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "tests/unit/proxy/tap/gzip.hpp"

namespace ccproxy::tap {
namespace {

const std::string start =
    "event: message_start\n"
    R"(data: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":10,)"
    R"("cache_creation_input_tokens":7,"cache_read_input_tokens":5,)"
    R"("cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},"output_tokens":1}}})"
    "\n\n";
const std::string ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
const std::string delta =
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"seven c"}})"
    "\n\n";
const std::string final_delta =
    "event: message_delta\n"
    R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":42}})"
    "\n\n";
const std::string stop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

TapReport sse(const std::string& text, bool finish = true, std::size_t piece = 100'000) {
    UsageTap tap("text/event-stream; charset=utf-8", "");
    for (std::size_t at = 0; at < text.size(); at += piece) {
        tap.feed(std::string_view(text).substr(at, piece));
    }
    if (finish) tap.finish();
    return tap.report();
}

TapReport json(const std::string& text) {
    UsageTap tap("application/json", "identity");
    tap.feed(text);
    tap.finish();
    return tap.report();
}

}  // namespace

TEST_CASE("a whole stream gives its final usage, however it is cut") {
    const std::string text = start + ping + delta + final_delta + stop;
    for (std::size_t piece = 1; piece < text.size(); piece += 7) {
        const TapReport report = sse(text, true, piece);
        CAPTURE(piece);
        CHECK(report.usage == Usage{10, 3, 4, 5, 42});
        CHECK(report.usage_source == UsageSource::final);
        CHECK(report.stop_reason == "end_turn");
        CHECK(report.error.empty());
    }
}

TEST_CASE("the stream's own end is seen before the body's") {
    UsageTap tap("text/event-stream", "");
    tap.feed(start + delta + final_delta + stop.substr(0, stop.size() - 1));
    CHECK_FALSE(tap.stream_ended());
    tap.feed("\n");
    CHECK(tap.stream_ended());
    CHECK(tap.report().usage_source == UsageSource::final);
}

TEST_CASE("content starts with the first delta, not with the first byte") {
    UsageTap tap("text/event-stream", "");
    tap.feed(start + ping);
    CHECK_FALSE(tap.content_started());
    tap.feed(delta);
    CHECK(tap.content_started());
}

TEST_CASE("a stream that breaks off keeps its input and counts the output that passed") {
    std::string text = start;
    for (int i = 0; i < 800; ++i) text += delta;
    const TapReport report = sse(text, false);
    CHECK(report.usage_source == UsageSource::partial);
    CHECK(report.usage.input_tokens == 10);
    CHECK(report.usage.output_tokens == 1600);  // 800 deltas of 7 characters at 3.5 a token
    CHECK(sse(ping, false).usage_source == UsageSource::none);
}

TEST_CASE("deltas of all kinds count, whatever came before them") {
    const auto one = [](const std::string& index, const std::string& inner) {
        return "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":" +
               index + ",\"delta\":{" + inner + "}}\n\n";
    };
    const std::vector<std::pair<std::string, int>> kinds{
        {one("0", R"("type":"text_delta","text":"seven c")"), 7},
        {one("0", R"("type":"text_delta","text":"")"), 0},
        {one("0", R"("type":"text_delta","text":"é中\n\"\\x")"), 6},
        {one("1", R"("type":"text_delta","text":"a longer one of 22 ...")"), 22},
        {one("1", R"("type": "text_delta", "text" : "spaced")"), 6},
        {one("1", R"("type":"thinking_delta","thinking":"hm")"), 2},
        {one("1", R"("type":"signature_delta","signature":"abc")"), 0},
        {one("2", R"("type":"input_json_delta","partial_json":"{\"text\":\"ab")"), 11},
        {one("2", R"("type":"text_delta","text":"cut \)"), 6}};
    // At 3.5 characters a token, rounded up; the stream's own first guess is 1.
    for (const auto& [before, chars_before] : kinds) {
        for (const auto& [after, chars_after] : kinds) {
            CAPTURE(before, after);
            const int chars = 2 * chars_before + 3 * chars_after;
            const TapReport report = sse(start + before + before + after + after + after, false);
            CHECK(report.usage.output_tokens == std::max(1, (2 * chars + 6) / 7));
        }
    }
}

TEST_CASE("zeros that come first do not hide the figures that follow") {
    const std::string zero_start =
        "data: "
        "{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":0,\"output_tokens\":"
        "0}}}\n\n";
    const std::string full_delta =
        "data: "
        "{\"type\":\"message_delta\",\"usage\":{\"input_tokens\":9,\"cache_read_input_tokens\":8,"
        "\"output_tokens\":7}}\n\n";
    const std::string end = "data: {\"type\":\"message_stop\"}\n\n";
    const TapReport report = sse(zero_start + full_delta + end);
    CHECK(report.usage == Usage{9, 0, 0, 8, 7});
    CHECK(report.usage_source == UsageSource::final);
}

TEST_CASE("cache writes count once, with and without a split") {
    const auto usage = [](const std::string& members) {
        return json(R"({"type":"message","usage":{"input_tokens":1,"output_tokens":2,)" + members +
                    "}}")
            .usage;
    };
    CHECK(usage(R"("cache_creation_input_tokens":100)") == Usage{1, 100, 0, 0, 2});
    CHECK(
        usage(
            R"("cache_creation_input_tokens":100,"cache_creation":{"ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":70})") ==
        Usage{1, 30, 70, 0, 2});
    CHECK(
        usage(
            R"("cache_creation_input_tokens":100,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20})") ==
        Usage{1, 80, 20, 0, 2});
    CHECK(
        usage(
            R"("cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20})") ==
        Usage{1, 10, 20, 0, 2});
    CHECK(usage(R"("cache_creation_input_tokens":null,"cache_creation":null)") ==
          Usage{1, 0, 0, 0, 2});
}

TEST_CASE("usage inside the content is not the answer's usage") {
    const TapReport report = json(
        R"({"type":"message","content":[{"type":"tool_use","input":{"usage":{"input_tokens":999},)"
        R"("stop_reason":"no"}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}})");
    CHECK(report.usage == Usage{1, 0, 0, 0, 2});
    CHECK(report.stop_reason == "tool_use");
}

TEST_CASE("errors are reported, in JSON and in mid-stream") {
    CHECK(json(R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})")
              .error == "rate_limit_error: slow down");
    const TapReport report = sse(start + delta +
                                 "event: error\ndata: "
                                 "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                                 "\"message\":\"Overloaded\"}}\n\n");
    CHECK(report.error == "overloaded_error: Overloaded");
    CHECK(report.usage_source == UsageSource::partial);
    CHECK(sse(start + delta).error == "the stream ended before its last event");
}

TEST_CASE("the last piece of a body may come with its end") {
    const std::string text = R"({"type":"message","usage":{"input_tokens":10,"output_tokens":42}})";
    for (std::size_t fed = 0; fed <= text.size(); ++fed) {
        for (const std::string coding : {"identity", "gzip"}) {
            const std::string body = coding == "gzip" ? gzip(text) : text;
            UsageTap tap("application/json", coding);
            tap.feed(std::string_view(body).substr(0, fed));
            tap.finish(std::string_view(body).substr(std::min(fed, body.size())));
            CAPTURE(fed, coding);
            CHECK(tap.report().usage == Usage{10, 0, 0, 0, 42});
            CHECK(tap.report().usage_source == UsageSource::final);
        }
    }
    const std::string stream = start + delta + final_delta + stop;
    UsageTap tap("text/event-stream", "");
    tap.feed(start);
    tap.finish(std::string_view(stream).substr(start.size()));
    CHECK(tap.report().usage == Usage{10, 3, 4, 5, 42});
    CHECK(tap.stream_ended());
}

TEST_CASE("a gzip body is read as it arrives") {
    const std::string packed = gzip(start + delta + final_delta + stop);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, packed.size()}) {
        UsageTap tap("text/event-stream", "gzip");
        for (std::size_t at = 0; at < packed.size(); at += piece) {
            tap.feed(std::string_view(packed).substr(at, piece));
        }
        tap.finish();
        CHECK(tap.report().usage == Usage{10, 3, 4, 5, 42});
    }
}

TEST_CASE("what cannot be read gives no usage, and no crash") {
    for (const char* coding : {"br", "gzip"}) {
        UsageTap tap("application/json", coding);
        tap.feed("certainly not compressed");
        tap.finish();
        CHECK(tap.report().usage_source == UsageSource::none);
    }
    CHECK(json("{broken").usage_source == UsageSource::none);
    CHECK(json("[]").usage_source == UsageSource::none);
    UsageTap html("text/html", "");
    html.feed("<html>");
    html.finish();
    CHECK(html.report().usage_source == UsageSource::none);
}

TEST_CASE("what stood before a broken place of a gzip body counts, however it is cut") {
    std::string packed = gzip(start + delta + final_delta + stop);
    packed[packed.size() - 8] ^= 1;  // Of the checksum.
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, packed.size()}) {
        CAPTURE(piece);
        UsageTap tap("text/event-stream", "gzip");
        for (std::size_t at = 0; at < packed.size(); at += piece) {
            tap.feed(std::string_view(packed).substr(at, piece));
        }
        CHECK(tap.stream_ended());
        CHECK(tap.report().usage_source == UsageSource::final);
    }
}

TEST_CASE("a gzip bomb is given up") {
    const std::string packed = gzip(std::string(8 << 20, 'x'));
    CHECK(inflate_gzip(packed, 1 << 20).has_error());
    CHECK(inflate_gzip(packed, 16 << 20).value().size() == 8 << 20);
    CHECK(inflate_gzip(packed.substr(0, packed.size() / 2), 16 << 20).has_error());
    CHECK(inflate_gzip("", 100).has_error());
}

TEST_CASE("figures beyond reason are bounded") {
    const TapReport report = json(
        R"({"type":"message","usage":{"input_tokens":-5,"output_tokens":18446744073709551615,"cache_read_input_tokens":1e300}})");
    CHECK(report.usage.input_tokens == 0);
    CHECK(report.usage.output_tokens == 1'000'000'000'000);
    CHECK(report.usage.cache_read_tokens == 0);
}

}  // namespace ccproxy::tap
