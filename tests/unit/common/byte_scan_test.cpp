#include "common/byte_scan.hpp"

#include <catch2/catch.hpp>
#include <string>

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
    check_all(bytes_before_line_end, [](int c) { return c == '\r' || c == '\n'; });
    check_all(bytes_before_json_stop, [](int c) { return c == '"' || c == '\\' || c < 0x20; });
    check_all(bytes_before_control, [](int c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

TEST_CASE("the first of several counts, and none gives the whole") {
    CHECK(bytes_before_line_end("ab\ncd\r") == 2);
    CHECK(bytes_before_line_end(std::string(20, 'a') + "\r\n" + std::string(20, 'b')) == 20);
    CHECK(bytes_before_json_stop("") == 0);
    CHECK(bytes_before_control("abc") == 3);
}

}  // namespace ccproxy
