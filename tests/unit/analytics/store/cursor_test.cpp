// Cursors come back as they were, and what is none is refused.
#include "analytics/store/sqlite/cursor.hpp"

#include <catch2/catch.hpp>

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
