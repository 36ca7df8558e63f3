#include "proxy/json/tree.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <string>

namespace ccproxy {
namespace {

rapidjson::Document parsed(const std::string& text) {
    auto document = parse_bounded(text);
    CAPTURE(text);
    REQUIRE(document.has_value());
    return std::move(*document);
}

std::string problem(const std::string& text) {
    const auto document = parse_bounded(text);
    CAPTURE(text);
    REQUIRE(document.has_error());
    return document.error().message;
}

std::string repeated(const std::string& text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

}  // namespace

TEST_CASE("numbers keep their type and their exact value") {
    CHECK(parsed("7").IsInt());
    CHECK(parsed("-7").GetInt() == -7);
    CHECK(parsed("-0").GetInt() == 0);
    CHECK(parsed("9223372036854775807").GetInt64() == std::numeric_limits<std::int64_t>::max());
    CHECK(parsed("18446744073709551615").GetUint64() == std::numeric_limits<std::uint64_t>::max());
    CHECK(parsed("18446744073709551616").IsDouble());
    CHECK(parsed("1.0").IsDouble());
    CHECK(parsed("0.1").GetDouble() == 0.1);
    CHECK(parsed("1.7976931348623157e308").GetDouble() == std::numeric_limits<double>::max());
    CHECK(parsed("5e-324").GetDouble() == std::numeric_limits<double>::denorm_min());
}

TEST_CASE("a zero is zero however it is written") {
    for (const std::string text : {"0e55", "0.0e55", "0E-55", "-0e300", "0.0"}) {
        CHECK(parsed(text).GetDouble() == 0);
    }
    CHECK(parsed("0." + repeated("0", 2000) + "e5").GetDouble() == 0);
}

TEST_CASE("a number beyond the range of a double is refused") {
    for (const std::string text : {"1e309", "-1e309", "1.8e308", "1e99999999999"}) {
        CHECK(problem("[" + text + "]").find("too big") != std::string::npos);
    }
}

TEST_CASE("a tree is bounded in depth and size") {
    CHECK(parsed(repeated("[", max_json_depth) + repeated("]", max_json_depth)).IsArray());
    const std::string deeper =
        repeated("[", max_json_depth + 1) + repeated("]", max_json_depth + 1);
    CHECK(problem(deeper).find("nested") != std::string::npos);
    CHECK(problem("[0" + repeated(",0", max_json_values) + "]").find("values") !=
          std::string::npos);
}

TEST_CASE("what is not JSON in UTF-8 is refused, with its place") {
    CHECK(problem("[1,]").find("(byte 3)") != std::string::npos);
    problem("\"\xff\"");
    problem("");
}

TEST_CASE("an object is told from other values") {
    CHECK(is_json_object(R"({"a":[{}]})"));
    for (const char* text : {"[]", "1", "\"a\"", "{", "{}{}", "null"})
        CHECK_FALSE(is_json_object(text));
}

}  // namespace ccproxy
