#include "common/byte_scan.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace ccproxy {
namespace {

/// Every byte value, at every place of a text that is longer than two blocks.
template <class Scan, class IsWanted>
void check_all(Scan scan, IsWanted is_wanted) {
    for (int value = 0; value < 256; ++value) {
        for (std::size_t at = 0; at < 40; ++at) {
            std::string text(40, 'x');
            text[at] = static_cast<char>(value);
            CAPTURE(value, at);
            REQUIRE(scan(text) == (is_wanted(value) ? at : text.size()));
        }
    }
}

}  // namespace

TEST_CASE("a byte of a kind is found wherever it stands") {
    check_all([](std::string_view text) { return ByteFinder<LineEnd>(text).find(0); },
              [](int c) { return c == '\r' || c == '\n'; });
    check_all(bytes_before_json_stop, [](int c) { return c == '"' || c == '\\' || c < 0x20; });
    check_all(bytes_before_json_stop_or_non_ascii,
              [](int c) { return c == '"' || c == '\\' || c < 0x20 || c >= 0x80; });
    check_all(bytes_before_control, [](int c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
    check_all(bytes_before_name_end, [](int c) {
        return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
    });
}

TEST_CASE("an empty line is found wherever it stands, and nothing that only looks like one") {
    const std::string empty_line = "\r\n\r\n";
    for (std::size_t at = 0; at < 100; ++at) {
        CAPTURE(at);
        CHECK(bytes_before_empty_line(std::string(at, 'x') + empty_line) == at);
        CHECK(bytes_before_empty_line(std::string(at, '\r') + empty_line + empty_line) == at);
        const std::string text = std::string(at, 'x') + "\r\n\r\r\n\rx" + std::string(at, 'x');
        CHECK(bytes_before_empty_line(text) == text.size());
        CHECK(bytes_before_empty_line(text + empty_line) == text.size());
    }
    CHECK(bytes_before_empty_line("") == 0);
    CHECK(bytes_before_empty_line("\r\n\r") == 3);
}

TEST_CASE("the first of several counts, and none gives the whole") {
    CHECK(bytes_before_control("ab\ncd\r") == 2);
    CHECK(bytes_before_control(std::string(20, 'a') + "\r\n" + std::string(20, 'b')) == 20);
    CHECK(bytes_before_json_stop("") == 0);
    CHECK(bytes_before_control("abc") == 3);
}

TEST_CASE("bytes are found one after another, as often as they stand there") {
    for (std::size_t size = 0; size < 200; ++size) {
        std::string text(size, 'x');
        std::vector<std::size_t> expected;
        // Alone, side by side, and at both ends of the blocks that are looked at together.
        for (const std::size_t at : {0, 1, 31, 63, 64, 65, 127, 128, 150, 199}) {
            if (at >= size) continue;
            text[at] = '"';
            expected.push_back(at);
        }
        CAPTURE(size);
        ByteFinder<JsonStop> finder(text);
        std::vector<std::size_t> found;
        for (std::size_t at = finder.find(0); at < size; at = finder.find(at + 1)) {
            found.push_back(at);
        }
        CHECK(found == expected);
        CHECK(finder.find(size) == size);
        CHECK(ByteFinder<LineEnd>(text).find(0) == size);
    }
}

TEST_CASE("what is passed over is not found") {
    const std::string text = "\r" + std::string(100, 'x') + "\n\n" + std::string(100, 'x') + '\r';
    ByteFinder<LineEnd> finder(text);
    CHECK(finder.find(0) == 0);
    CHECK(finder.find(102) == 102);
    CHECK(finder.find(103) == 203);
    CHECK(finder.find(204) == 204);
}

}  // namespace ccproxy
