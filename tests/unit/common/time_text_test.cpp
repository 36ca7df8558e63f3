#include "common/time_text.hpp"

#include <catch2/catch.hpp>
#include <limits>

namespace ccproxy {

TEST_CASE("Times are written in UTC with milliseconds", "[time]") {
    CHECK(format_time(0) == "1970-01-01T00:00:00.000Z");
    CHECK(format_time(1'772'323'199'007) == "2026-02-28T23:59:59.007Z");
    CHECK(format_time(951'782'400'000) == "2000-02-29T00:00:00.000Z");
    CHECK(format_time(-1) == "1969-12-31T23:59:59.999Z");
    CHECK(format_time(std::numeric_limits<std::int64_t>::max()) == "9999-12-31T23:59:59.999Z");
    CHECK(format_time(std::numeric_limits<std::int64_t>::min()) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("Many times are written as each is alone", "[time]") {
    TimeWriter writer;
    std::string written;
    std::string expected;
    for (const std::int64_t unix_ms :
         {-day_ms, std::int64_t{-1}, std::int64_t{0}, day_ms - 1, day_ms, day_ms, 2 * day_ms - 1,
          std::int64_t{5}, std::int64_t{1'772'323'199'007}}) {
        writer.append(written, unix_ms);
        expected += format_time(unix_ms);
    }
    CHECK(written == expected);
    CHECK(written.ends_with("1970-01-01T00:00:00.005Z2026-02-28T23:59:59.007Z"));
}

TEST_CASE("Times are read with any offset", "[time]") {
    CHECK(parse_time("1970-01-01T00:00:00Z") == 0);
    CHECK(parse_time("1970-01-01t00:00:00z") == 0);
    CHECK(parse_time("1970-01-01T08:00:00.25+08:00") == 250);
    CHECK(parse_time("1970-01-01T08:00:00 08:00") == 0);
    CHECK(parse_time("1969-12-31T23:30:00-00:30") == 0);
    CHECK(parse_time("2026-02-28T23:59:59.0079999Z") == 1'772'323'199'007);
    CHECK(parse_time("1998-12-31T23:59:60Z") == parse_time("1999-01-01T00:00:00Z"));
    CHECK(parse_time(format_time(1'772'323'199'007)) == 1'772'323'199'007);
}

TEST_CASE("What is not a time is not taken for one", "[time]") {
    for (const char* text : {"",
                             "2026",
                             "2026-02-28",
                             "2026-02-28T10:00:00",
                             "2026-02-28T10:00Z",
                             "2026-02-28 10:00:00Z",
                             "2026-02-29T10:00:00Z",
                             "2026-13-01T10:00:00Z",
                             "2026-00-10T10:00:00Z",
                             "2026-01-00T10:00:00Z",
                             "2026-02-28T24:00:00Z",
                             "2026-02-28T10:60:00Z",
                             "2026-02-28T10:00:61Z",
                             "2026-02-28T10:00:00.Z",
                             "2026-02-28T10:00:00.",
                             "2026-02-28T10:00:00.5",
                             "2026-02-28T1a:00:00Z",
                             "2026-02-28T10:00-00Z",
                             "2026-02-28T10:00:00*01:00",
                             "2026-02-28T10:00:00+",
                             "2026-02-28T10:00:00+24:00",
                             "2026-02-28T10:00:00+01:60",
                             "2026-02-28T10:00:00+0100",
                             "2026-02-28T10:00:00Zx",
                             " 2026-02-28T10:00:00Z",
                             "-026-02-28T10:00:00Z",
                             "now",
                             "0"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_time(text));
    }
}

TEST_CASE("Days are read as their beginning in UTC", "[time]") {
    CHECK(parse_day("1970-01-02") == day_ms);
    CHECK(parse_day("2024-02-29").has_value());
    for (const char* text : {"", "2023-02-29", "2023-2-1", "20230201", "2023-02-01T", "2023-02-31",
                             "23-02-01", "2023/02/01", "2023-02-01 "}) {
        CAPTURE(text);
        CHECK_FALSE(parse_day(text));
    }
}

}  // namespace ccproxy
