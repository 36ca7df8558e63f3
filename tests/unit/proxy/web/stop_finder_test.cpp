#include "proxy/web/stop_finder.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::web {
namespace {

struct Result {
    std::string text;
    std::string found;
    bool operator==(const Result&) const = default;
};

/// `text` in pieces of `bytes`.
Result run(const std::vector<std::string>& sequences, const std::string& text, std::size_t bytes) {
    StopFinder finder(sequences);
    Result result;
    for (std::size_t at = 0; at < text.size(); at += bytes) {
        result.text += finder.feed(text.substr(at, bytes));
    }
    result.text += finder.take_rest();
    result.found = finder.found();
    return result;
}

}  // namespace

TEST_CASE("a stop sequence is found and nothing of it goes on, however the text is cut") {
    const struct {
        std::vector<std::string> sequences;
        std::string text;
        Result expected;
    } cases[] = {
        {{}, "all of it", {"all of it", ""}},
        {{"STOP"}, "one STOP two", {"one ", "STOP"}},
        {{"STOP"}, "one STO", {"one STO", ""}},
        {{"STOP"}, "one STO STOP", {"one STO ", "STOP"}},
        {{"aab"}, "aaab", {"a", "aab"}},
        {{"two", "one"}, "one two", {"", "one"}},
        {{"世界"}, "Grüße, 世 世界", {"Grüße, 世 ", "世界"}},
        {{"\n\nHuman:"}, "Yes.\n\nHuman: no", {"Yes.", "\n\nHuman:"}},
    };
    for (const auto& [sequences, text, expected] : cases) {
        for (std::size_t bytes = 1; bytes <= text.size(); ++bytes) {
            CAPTURE(text, bytes);
            const Result result = run(sequences, text, bytes);
            CHECK(result.text == expected.text);
            CHECK(result.found == expected.found);
        }
    }
}

TEST_CASE("what cannot become a stop sequence is not held back") {
    StopFinder finder({"STOP"});
    CHECK(finder.feed("one S") == "one ");
    CHECK(finder.feed("o") == "So");
    CHECK(finder.take_rest().empty());
}

TEST_CASE("nothing goes on behind a stop sequence") {
    StopFinder finder({"X"});
    CHECK(finder.feed("aXb") == "a");
    CHECK(finder.feed("c").empty());
    CHECK(finder.take_rest().empty());
}

}  // namespace ccproxy::web
