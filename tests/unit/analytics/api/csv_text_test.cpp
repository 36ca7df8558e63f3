// Cells of CSV as RFC 4180 has them, and none that a spreadsheet would run.
#include "analytics/api/csv_text.hpp"

#include <catch2/catch.hpp>

using namespace ccproxy;
using namespace ccproxy::analytics;

namespace {

std::string text_cell(std::string_view value) {
    std::string out;
    TimeWriter times;
    CsvText(out, times).text(value);
    return out;
}

}  // namespace

TEST_CASE("Cells of a row are parted by commas, rows end with CRLF", "[csv]") {
    std::string out = "before\r\n";
    TimeWriter times;
    CsvText csv(out, times);
    csv.text("a");
    csv.integer(-5);
    csv.integer_or_empty(std::nullopt);
    csv.integer_or_empty(9'223'372'036'854'775'807);
    csv.boolean(true);
    csv.boolean(false);
    csv.time(1'772'323'200'001);
    csv.end_row();
    csv.text("");
    csv.text("");
    csv.end_row();
    CHECK(out ==
          "before\r\n"
          "a,-5,,9223372036854775807,true,false,2026-03-01T00:00:00.001Z\r\n"
          ",\r\n");
}

TEST_CASE("A text with quotes, commas or line ends is quoted", "[csv]") {
    CHECK(text_cell("plain text; 'x' \xe4\xbd\xa0\xe5\xa5\xbd") ==
          "plain text; 'x' \xe4\xbd\xa0\xe5\xa5\xbd");
    CHECK(text_cell("a,b") == "\"a,b\"");
    CHECK(text_cell("say \"hi\"") == "\"say \"\"hi\"\"\"");
    CHECK(text_cell("a\nb") == "\"a\nb\"");
    CHECK(text_cell("a\r\nb") == "\"a\r\nb\"");
    CHECK(text_cell("\"") == "\"\"\"\"");
}

TEST_CASE("A text that a spreadsheet would run gets an apostrophe", "[csv]") {
    for (const std::string begin : {"=", "+", "-", "@", "\t"}) {
        CHECK(text_cell(begin + "1") == "'" + begin + "1");
        CHECK(text_cell(begin) == "'" + begin);
        CHECK(text_cell("x" + begin) == "x" + begin);
    }
    CHECK(text_cell("\rx") == "\"'\rx\"");
    CHECK(text_cell("=HYPERLINK(\"x\",1)") == "\"'=HYPERLINK(\"\"x\"\",1)\"");
}
