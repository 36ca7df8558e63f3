#include "proxy/tap/json_reader.hpp"

#include <catch2/catch.hpp>
#include <vector>

namespace ccproxy::tap {
namespace {

/// Every token as text, such as `{`, `string=b`, `number=1`; before it `name=a` if it has one.
std::vector<std::string> tokens(std::string_view json) {
    std::vector<std::string> read;
    JsonReader reader(json);
    for (;;) {
        const JsonToken token = reader.next();
        const bool is_there = token != JsonToken::end && token != JsonToken::fault;
        if (is_there && reader.has_name()) read.push_back("name=" + reader.name().text());
        switch (token) {
            case JsonToken::start_object:
            case JsonToken::end_object:
            case JsonToken::start_array:
            case JsonToken::end_array:
                read.emplace_back(json.substr(reader.begin_at(), 1));
                break;
            case JsonToken::string:
                read.push_back("string=" + reader.value().text());
                break;
            case JsonToken::number:
                read.push_back("number=" + std::string(reader.value().raw));
                break;
            case JsonToken::boolean:
            case JsonToken::null:
                read.emplace_back(reader.value().raw);
                break;
            case JsonToken::end:
                return read;
            case JsonToken::fault:
                read.push_back(std::string("fault: ") + reader.fault());
                return read;
        }
    }
}

using Tokens = std::vector<std::string>;

bool is_taken(std::string_view json) {
    return !tokens(json).back().starts_with("fault");
}

}  // namespace

TEST_CASE("a JSON text is read token by token") {
    CHECK(tokens(R"( {"a" : [1, "x\"y", {}, true], "b\u0062":{"":null}} )") ==
          Tokens{"{", "name=a", "[", "number=1", "string=x\"y", "{", "}", "true", "]", "name=bb",
                 "{", "name=", "null", "}", "}"});
    CHECK(tokens("12") == Tokens{"number=12"});
    CHECK(tokens("") == Tokens{"fault: it ends too early"});
}

TEST_CASE("tokens tell where they stand, and how deep") {
    const std::string json = R"({"a":"bc", "d":[ 7 ]})";
    JsonReader reader(json);
    REQUIRE(reader.next() == JsonToken::start_object);
    CHECK(reader.depth() == 1);
    CHECK_FALSE(reader.has_name());
    REQUIRE(reader.next() == JsonToken::string);
    CHECK(reader.name().is("a"));
    CHECK_FALSE(reader.name().is("b"));
    CHECK(reader.value().is("bc"));
    CHECK(json.substr(reader.begin_at(), reader.end_at() - reader.begin_at()) == "\"bc\"");
    REQUIRE(reader.next() == JsonToken::start_array);
    CHECK(reader.name().is("d"));
    CHECK(reader.depth() == 2);
    CHECK(json[reader.begin_at()] == '[');
    REQUIRE(reader.next() == JsonToken::number);
    CHECK_FALSE(reader.has_name());
    REQUIRE(reader.next() == JsonToken::end_array);
    CHECK_FALSE(reader.has_name());
    CHECK(reader.depth() == 1);
    CHECK(json[reader.end_at() - 1] == ']');
}

TEST_CASE("a name is known by its meaning, not by its spelling") {
    JsonReader reader(R"({"mod\u0065l":1})");
    reader.next();
    REQUIRE(reader.next() == JsonToken::number);
    CHECK(reader.name().is("model"));
}

TEST_CASE("a quote is found wherever it stands beside blocks of sixteen bytes") {
    for (std::size_t size = 0; size < 70; ++size) {
        const std::string text(size, 'x');
        CAPTURE(size);
        CHECK(tokens("\"" + text + "\"") == Tokens{"string=" + text});
        CHECK(tokens("\"" + text + "\\n" + text + "\"") == Tokens{"string=" + text + "\n" + text});
        CHECK_FALSE(is_taken("\"" + text));
        CHECK_FALSE(is_taken("\"" + text + "\x1f\""));
        CHECK(is_taken("\"" + text + "\x20\x7f\xff\""));
    }
}

TEST_CASE("a number is taken as far as RapidJSON takes it") {
    const std::string digits(308, '1');
    CHECK(is_taken(digits));
    CHECK(is_taken("-" + digits + ".5e-400"));
    CHECK_FALSE(is_taken(digits + "1"));
    CHECK_FALSE(is_taken("-" + digits + "1e-400"));
    CHECK_FALSE(is_taken("1e309"));
    CHECK(is_taken("0." + digits + digits + "e308"));
}

TEST_CASE("what is not JSON is a fault") {
    for (const char* json :
         {"{",     "}",    "[1,]", "{\"a\":1,}", "{\"a\"}",     "{\"a\" 1}",   "{a:1}",
          "[1 2]", "[1}",  "01",   "-",          "1.",          "1e",          ".5",
          "+1",    "tru",  "nul",  "\"\\x\"",    "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
          "1 2",   "{}{}", "\"a",  "\"a\\",      "1e309",       "-1e400",      "'a'",
          "[,1]"}) {
        CAPTURE(json);
        CHECK_FALSE(is_taken(json));
    }
    CHECK_FALSE(is_taken(std::string_view("{}\0", 3)));
}

}  // namespace ccproxy::tap
