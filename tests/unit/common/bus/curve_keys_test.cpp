// Keys are made once, kept private, and read again.
#include "common/bus/curve_keys.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/unit/temp_folder.hpp"

using namespace ccproxy;
using ccproxy::test::TempFolder;

namespace {

std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

unsigned mode(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

CurveKeys read(const std::string& path, std::vector<std::string>& problems) {
    ConfigSource source = ConfigSource::parse("bus: {curve: {secret_key_file: " + path + "}}",
                                              [](const std::string&) { return std::nullopt; })
                              .value();
    CurveKeys keys = read_curve_keys(source);
    problems = source.problems();
    return keys;
}

}  // namespace

TEST_CASE("keys are written with their modes and read again", "[curve]") {
    const TempFolder folder;
    const mode_t before = ::umask(0077);
    const std::string public_key = write_curve_keys(folder.path());
    ::umask(before);
    CHECK(mode(folder.file("bus.key")) == 0600);
    CHECK(mode(folder.file("bus.pub")) == 0644);
    CHECK(content(folder.file("bus.pub")) == public_key + "\n");
    CHECK(is_curve_key(public_key));
    std::vector<std::string> problems;
    const CurveKeys keys = read(folder.file("bus.key"), problems);
    CHECK(problems.empty());
    CHECK(keys.public_key == public_key);
    CHECK(keys.secret_key + "\n" == content(folder.file("bus.key")));
    CHECK(keys.secret_key != keys.public_key);
}

TEST_CASE("no key is ever overwritten, and no half pair is left", "[curve]") {
    const TempFolder folder;
    write_curve_keys(folder.path());
    const std::string secret = content(folder.file("bus.key"));
    CHECK_THROWS_WITH(write_curve_keys(folder.path()), Catch::Contains("is there already"));
    CHECK(content(folder.file("bus.key")) == secret);

    const TempFolder half;
    (void)half.write("bus.pub", "somebody's");
    CHECK_THROWS_WITH(write_curve_keys(half.path()), Catch::Contains("bus.pub"));
    CHECK(mode(half.file("bus.key")) == 0);
    CHECK(content(half.file("bus.pub")) == "somebody's");
    CHECK_THROWS_WITH(write_curve_keys(folder.file("absent")), Catch::Contains("No such file"));
}

TEST_CASE("what is no key is a problem that does not show it", "[curve]") {
    const TempFolder folder;
    for (const std::string& text : {std::string("short"), std::string(40, ' ') + "x",
                                    std::string(40, '"'), std::string(41, 'a')}) {
        CAPTURE(text);
        CHECK_FALSE(is_curve_key(text));
        std::vector<std::string> problems;
        CHECK(read(folder.write("bus.key", text), problems).secret_key.empty());
        REQUIRE(problems.size() == 1);
        CHECK_THAT(problems[0], Catch::StartsWith("bus.curve.secret_key_file: "));
        CHECK(problems[0].find(text) == std::string::npos);
    }
}

TEST_CASE("a key's bytes and its text are the same key", "[curve]") {
    const std::string key = make_curve_keys().public_key;
    CHECK(curve_key_bytes(key).size() == 32);
    CHECK(curve_key_text(curve_key_bytes(key)) == key);
    CHECK(curve_key_text("short").empty());
    CHECK_THROWS(curve_key_bytes("short"));
}
