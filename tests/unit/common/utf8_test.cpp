#include "common/utf8.hpp"

#include <catch2/catch.hpp>

namespace ccproxy {

TEST_CASE("well-formed UTF-8 is told from what only looks like it") {
    CHECK(is_utf8("plain, 中文, \xF0\x9F\x98\x80"));
    CHECK_FALSE(is_utf8("\x80"));
    CHECK_FALSE(is_utf8("\xC0\xAF"));          // overlong
    CHECK_FALSE(is_utf8("\xED\xA0\x80"));      // a surrogate
    CHECK_FALSE(is_utf8("\xF4\x90\x80\x80"));  // beyond U+10FFFF
    CHECK_FALSE(is_utf8("\xE4\xB8"));          // cut short
}

TEST_CASE("cleaning keeps good text, replaces bad bytes and NUL, and cuts at a character") {
    CHECK(clean_utf8("中文", 100) == "中文");
    CHECK(clean_utf8("中文", 5) == "中");
    CHECK(clean_utf8(std::string("a\0b", 3), 100) ==
          "a\xEF\xBF\xBD"
          "b");
    CHECK(clean_utf8("a\xFF", 100) == "a\xEF\xBF\xBD");
    CHECK(is_utf8(clean_utf8("\xE4\xB8\xE4\xB8\xAD", 100)));
    CHECK(clean_utf8("abc", 0).empty());
}

}  // namespace ccproxy
