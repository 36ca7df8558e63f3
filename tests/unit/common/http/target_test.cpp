#include "common/http/target.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::http {

TEST_CASE("A target is taken apart and decoded", "[http][target]") {
    const Target target = parse_target("/a/b%20c/?x=1&y=a+b%2B&x=&flag&z=%E4%BD%A0").value();
    CHECK(target.path == std::vector<std::string>{"a", "b c"});
    CHECK(target.query ==
          std::vector<Field>{{"x", "1"}, {"y", "a b+"}, {"x", ""}, {"flag", ""}, {"z", "你"}});
}

TEST_CASE("Short targets are whole", "[http][target]") {
    CHECK(parse_target("/").value().path.empty());
    CHECK(parse_target("/?").value().query.empty());
    CHECK(parse_target("/a?").value().query.empty());
    CHECK(parse_target("/a?&").value().query.empty());
    CHECK(parse_target("/a?=1").value().query == std::vector<Field>{{"", "1"}});
    CHECK(parse_target("//a").value().path == std::vector<std::string>{"", "a"});
}

TEST_CASE("The absolute form is taken", "[http][target]") {
    const Target target = parse_target("http://host:1/a/b?x=1").value();
    CHECK(target.path == std::vector<std::string>{"a", "b"});
    CHECK(target.query.size() == 1);
}

TEST_CASE("A malformed target is refused", "[http][target]") {
    for (const char* text :
         {"", "a", "*", "host:443", "mailto:x@y", "/%", "/%4", "/%zz", "/a?x=%g1", "/a b", "/%00",
          "/a?x=%00", "/%ff", "/a?x=%C3", "/a?%ED%A0%80=1", "/<", "/a#b", "/a?x=\x80", "http://"}) {
        CAPTURE(text);
        CHECK(parse_target(text).has_error());
    }
}

TEST_CASE("An error names the parameter that is wrong", "[http][target]") {
    for (const char* text : {"/a?model=%ff", "/a?x=1&model=%", "/a?x=1&model=%4&y=2",
                             "/a?model=<b>", "/a?x&model=\xe4\xbd\xa0", "http://h/a?model=%zz"}) {
        CAPTURE(text);
        CHECK(parse_target(text).error().message.starts_with("model: "));
    }
    CHECK(parse_target("/%zz?model=%zz").error().message == "the request target is malformed");
}

}  // namespace ccproxy::http
