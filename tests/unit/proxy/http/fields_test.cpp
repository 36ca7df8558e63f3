#include "proxy/http/fields.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::http1 {
namespace {

Fields read(std::string_view lines) {
    Fields fields;
    REQUIRE_FALSE(fields.read(lines));
    return fields;
}

std::string lines_but(const Fields& fields, KnownField left_out) {
    std::string out;
    fields.append_lines(out, [&](KnownField known, std::string_view) { return known == left_out; });
    return out;
}

}  // namespace

TEST_CASE("fields keep their order and become lines of one form, however they were written") {
    const Fields fields = read(
        "accept: a\r\nX-Plain: b\r\nx-tight:c\r\nX_Wide: \t d e \t\r\nhost: h\r\nempty:\r\n"
        "x-last: f\r\n\r\n");
    CHECK(lines_but(fields, KnownField::host) ==
          "accept: a\r\nx-plain: b\r\nx-tight: c\r\nx_wide: d e\r\nempty: \r\nx-last: f\r\n");
    CHECK(lines_but(fields, KnownField::none) == "host: h\r\n");
    CHECK(lines_but(read("\r\n"), KnownField::none).empty());
}

TEST_CASE("a field is found by its name, known or not") {
    Fields fields = read("Host: h\r\nX-Own: 1\r\nx-other: 2\r\nx-own:3\r\nHost2: no\r\n\r\n");
    CHECK(fields.get("host") == "h");
    CHECK(fields.get("x-own") == "1");
    CHECK(fields.count("x-own") == 2);
    CHECK(fields.count("host") == 1);
    CHECK(fields.get("via").empty());
    CHECK(fields.get("x").empty());
    CHECK(fields.get("").empty());
    fields.add("Via", "  p ");
    CHECK(fields.get("via") == "p");
    CHECK_FALSE(fields.read("x-new: n\r\n\r\n"));
    CHECK(fields.get("host").empty());
    CHECK(lines_but(fields, KnownField::host) == "x-new: n\r\n");
}

TEST_CASE("a name is looked up alike, written in the code or found at run time") {
    const Fields fields = read("host: h\r\nx-own: 1\r\n\r\n");
    for (const std::string_view name : {"host", "x-own", "via", "x"}) {
        CAPTURE(name);
        CHECK(FieldName(name).known() == known_field(name));
        CHECK(fields.count(name) == (name == "host" || name == "x-own" ? 1 : 0));
    }
    CHECK(FieldName("host").known() == KnownField::host);
    CHECK(fields.get(std::string_view("host")) == fields.get("host"));
    CHECK(fields.get(std::string_view("x-own")) == fields.get("x-own"));
}

TEST_CASE("a known field is there, and more than once") {
    Fields fields = read("Via: a\r\nhost: h\r\nvia: b\r\nx-own: 1\r\nx-own: 2\r\n\r\n");
    CHECK(fields.has(KnownField::via));
    CHECK(fields.repeats(KnownField::via));
    CHECK(fields.count("via") == 2);
    CHECK(fields.has(KnownField::host));
    CHECK_FALSE(fields.repeats(KnownField::host));
    CHECK_FALSE(fields.has(KnownField::expect));
    CHECK_FALSE(fields.repeats(KnownField::expect));
    fields.add("Host", "i");
    CHECK(fields.repeats(KnownField::host));
    CHECK_FALSE(fields.read("via: c\r\n\r\n"));
    CHECK_FALSE(fields.repeats(KnownField::via));
    CHECK_FALSE(fields.has(KnownField::host));
}

TEST_CASE("white space around a value is dropped, that within it stays") {
    for (const char* line : {"a: b \tc", "a:b \tc", "a:  b \tc", "a: \tb \tc", "a:\tb \tc",
                             "a: b \tc ", "a: b \tc\t", "A: b \tc", "A: b \tc \t "}) {
        CAPTURE(line);
        CHECK(read(std::string(line) + "\r\n\r\n").get("a") == "b \tc");
    }
    for (const char* line : {"a:", "a: ", "a:  ", "a:\t", "A:", "A: "}) {
        CAPTURE(line);
        const Fields fields = read(std::string(line) + "\r\nhost: h\r\n\r\n");
        CHECK(fields.count("a") == 1);
        CHECK(fields.get("a").empty());
        CHECK(fields.get("host") == "h");
    }
}

TEST_CASE("each known field is told by its name, and by nothing that is like it") {
    for (std::size_t i = 1; i < known_field_names.size(); ++i) {
        const std::string name(known_field_names[i]);
        CAPTURE(name);
        CHECK(known_field(name) == static_cast<KnownField>(i));
        CHECK(known_field(name + "x") == KnownField::none);
        CHECK(known_field(name.substr(1)) == KnownField::none);
        std::string other = name;
        other[other.size() / 2] ^= 1;
        CHECK(known_field(other) == KnownField::none);
    }
    CHECK(known_field("") == KnownField::none);
}

TEST_CASE("the items of all fields of a name are looked at") {
    const Fields fields = read("connection: a , ,b\r\nhost: h\r\nConnection: C\r\n\r\n");
    CHECK(fields.lists("connection", "B"));
    CHECK(fields.lists("connection", "c"));
    CHECK_FALSE(fields.lists("connection", "h"));
    CHECK_FALSE(fields.lists("upgrade", "a"));
}

TEST_CASE("what is wrong with a head's lines is said") {
    const auto refused = [](std::string_view lines) {
        Fields fields;
        return fields.read(lines).value_or(Error{"taken"}).message;
    };
    CHECK(refused("a: b\r\n\r\n") == "taken");
    CHECK(refused("a: b\r\n") == "the head is malformed");
    CHECK(refused("a: b\r\n\r\nc: d\r\n\r\n") == "the head is malformed");
    CHECK(refused("a: b") == "the head is malformed");
    CHECK(refused("a\r\n\r\n") == "the name of a header field is malformed");
    CHECK(refused(": b\r\n\r\n") == "the name of a header field is malformed");
    CHECK(refused("a b: c\r\n\r\n") == "the name of a header field is malformed");
    CHECK(refused("a: b\r\n\tc\r\n\r\n") == "a header line is folded");
    CHECK(refused("a\n: b\r\n\r\n") == "a line does not end in CR LF");
    CHECK(refused("a: b\rc\r\n\r\n") == "a line does not end in CR LF");
    CHECK(refused("a\x01: b\r\n\r\n") == "the head holds a control character");
    CHECK(refused(std::string(65'536, 'a') + ": b\r\n\r\n") == "a header field is too long");
    CHECK(refused(std::string(65'535, 'a') + ": b\r\n\r\n") == "taken");
    CHECK(refused("a: " + std::string(65'535, 'b') + "\r\n\r\n") == "a header field is too long");
    CHECK(refused("a: " + std::string(65'534, 'b') + "\r\n\r\n") == "taken");
    CHECK(refused(" \r\n\r\n") == "a header line is folded");
    CHECK(refused("\r\n") == "taken");
    CHECK(refused("") == "the head is malformed");
    CHECK(refused("a: b\r") == "a line does not end in CR LF");
}

}  // namespace ccproxy::http1
