// Cursors come back as they were, and what is none is refused.
#include "analytics/store/sqlite/cursor.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace ccproxy::analytics;

TEST_CASE("an id's cursor is read again, and no other cursor is", "[store]") {
    for (const std::int64_t id : {INT64_MIN, std::int64_t{0}, INT64_MAX}) {
        CHECK(decode_id_cursor(encode_id_cursor(id)).value() == id);
        CHECK(decode_cursor(encode_id_cursor(id)).has_error());
    }
    const Cursor other{SortField::request_at, false, 5, "01900000-0000-7000-8000-000000000001"};
    CHECK(decode_id_cursor(encode_cursor(other)).has_error());
    for (const char* text : {"", "x", "aWQg", "aWQgeA", "%", "aWQgMQ=="}) {
        CAPTURE(text);
        CHECK(decode_id_cursor(text).has_error());
    }
}

TEST_CASE("a cursor survives its text", "[store]") {
    Cursor cursor;
    cursor.sort = GENERATE(SortField::request_at, SortField::status_code);
    cursor.ascending = GENERATE(true, false);
    cursor.value =
        GENERATE(std::optional<std::int64_t>{}, std::optional<std::int64_t>{0},
                 std::optional<std::int64_t>{INT64_MIN}, std::optional<std::int64_t>{INT64_MAX});
    cursor.id = "01900000-0000-7000-8000-000000000001";
    const std::string text = encode_cursor(cursor);
    CHECK(text.find_first_not_of(
              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
          std::string::npos);
    CHECK(decode_cursor(text).value() == cursor);
}

TEST_CASE("what is no cursor is refused", "[store]") {
    const std::string good =
        encode_cursor({SortField::cost, true, 5, "01900000-0000-7000-8000-000000000001"});
    CHECK_FALSE(decode_cursor("").has_value());
    CHECK_FALSE(decode_cursor("!").has_value());
    CHECK_FALSE(decode_cursor("AAAA").has_value());
    CHECK_FALSE(decode_cursor(good.substr(1)).has_value());
    CHECK_FALSE(decode_cursor(good.substr(0, good.size() - 3)).has_value());
    CHECK_FALSE(decode_cursor(good + "AAAA").has_value());
    CHECK_FALSE(decode_cursor(std::string(5000, 'A')).has_value());
}

TEST_CASE("a search's cursor survives its text, and is no other cursor", "[store][search]") {
    SearchCursor cursor;
    cursor.search = "0123456789abcdef";
    cursor.newest = GENERATE(std::int64_t{0}, INT64_MAX);
    cursor.oldest = 17;
    cursor.last = {GENERATE(0.0, 1.0 / 3, 1e300), 21};
    // Any bytes, blanks among them.
    cursor.scale = {GENERATE(std::string(), std::string(" \0\xFF 5", 5), std::string(32, ' ')), 3};
    cursor.total = 10'000;
    cursor.total_is_exact = GENERATE(true, false);
    const std::string text = encode_search_cursor(cursor);
    CHECK(decode_search_cursor(text).value() == cursor);
    CHECK(decode_cursor(text).has_error());
    CHECK(decode_id_cursor(text).has_error());
    CHECK(decode_time_cursor(text).has_error());
    CHECK(decode_search_cursor(encode_id_cursor(7)).has_error());
}

TEST_CASE("what is no search's cursor is refused", "[store][search]") {
    SearchCursor cursor;
    cursor.search = "0123456789abcdef";
    const std::string good = encode_search_cursor(cursor);
    REQUIRE(decode_search_cursor(good).has_value());
    for (std::size_t size = 0; size + 8 < good.size(); ++size) {
        CAPTURE(size);
        CHECK(decode_search_cursor(good.substr(0, size)).has_error());
    }
    CHECK(decode_search_cursor(good.substr(1)).has_error());
    CHECK(decode_search_cursor(std::string(5000, 'A')).has_error());
    for (const std::int64_t wrong : {std::int64_t{-1}, INT64_MIN}) {
        cursor.newest = wrong;
        CHECK(decode_search_cursor(encode_search_cursor(cursor)).has_error());
    }
    cursor.newest = 5;
    cursor.last.score = std::numeric_limits<double>::quiet_NaN();
    CHECK(decode_search_cursor(encode_search_cursor(cursor)).has_error());
}
