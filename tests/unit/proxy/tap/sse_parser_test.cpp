#include "proxy/tap/sse_parser.hpp"

#include <catch2/catch.hpp>
#include <vector>

namespace ccproxy::tap {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

Events parse(const std::string& text, std::size_t piece,
             std::size_t max_event_bytes = SseParser::default_max_event_bytes) {
    SseParser parser(max_event_bytes);
    Events events;
    for (std::size_t at = 0; at < text.size(); at += piece) {
        parser.feed(std::string_view(text).substr(at, piece),
                    [&](const SseEvent& event) { events.emplace_back(event.name, event.data); });
    }
    return events;
}

void check_any_split(const std::string& text, const Events& expected) {
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        CAPTURE(piece);
        CHECK(parse(text, piece) == expected);
    }
}

}  // namespace

TEST_CASE("events are the same however the bytes are cut and whatever ends the lines") {
    const Events expected{{"a", "1"}, {"", "2\n3"}, {"b", ""}};
    for (const std::string end : {"\n", "\r\n", "\r"}) {
        std::string text =
            "event: a\ndata: 1\n\n: comment\ndata:2\ndata: 3\nid: 7\n\nevent: b\ndata\n\n";
        std::string with_end;
        for (const char c : text) with_end += c == '\n' ? end : std::string(1, c);
        check_any_split(with_end, expected);
    }
}

TEST_CASE("an event without data or without its empty line is none") {
    check_any_split("event: a\n\ndata: 1\n", {});
}

TEST_CASE("a byte order mark is passed over") {
    CHECK(parse("\xEF\xBB\xBF"
                "data: 1\n\n",
                100) == Events{{"", "1"}});
}

TEST_CASE("an event beyond the limit is passed over, and the next one read") {
    const std::string huge =
        "data: " + std::string(SseParser::default_max_event_bytes + 10, 'x') + "\n\n";
    const std::string many = [] {
        std::string lines;
        for (int i = 0; i < 5; ++i) lines += "data: " + std::string(1 << 20, 'y') + "\n";
        return lines + "\n";
    }();
    CHECK(parse(huge + many + "data: 1\n\n", 60'000) == Events{{"", "1"}});
}

TEST_CASE("what is beyond the limit does not depend on how the bytes are cut") {
    const std::string comment_too_long = ": 3456789\ndata: 1\n\n";
    const std::string just_fits = "data: 78\ndata:\n\n";
    const std::string text = comment_too_long + just_fits;
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        CAPTURE(piece);
        CHECK(parse(text, piece, 8) == Events{{"", "78\n"}});
    }
}

}  // namespace ccproxy::tap
