#include "analytics/search/identifier.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace ccproxy::analytics {

TEST_CASE("an identifier is cut where a capital begins a word", "[search]") {
    using Parts = std::vector<std::string_view>;
    CHECK(identifier_parts("getUserName") == Parts{"get", "User", "Name"});
    CHECK(identifier_parts("HTTPServer") == Parts{"HTTP", "Server"});
    CHECK(identifier_parts("parseURL") == Parts{"parse", "URL"});
    CHECK(identifier_parts("sha256Sum") == Parts{"sha256", "Sum"});
    CHECK(identifier_parts("iPhone") == Parts{"Phone"});
}

TEST_CASE("a plain word has no parts", "[search]") {
    for (const char* word : {"", "a", "A", "word", "Word", "WORD", "URLs", "v2", "2025"}) {
        CAPTURE(word);
        CHECK(identifier_parts(word).empty());
    }
}

TEST_CASE("what is no identifier has no parts: a long word, and base64", "[search]") {
    CHECK(identifier_parts("aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ").empty());
    std::string word = "fooBar";
    word += std::string(58, 'r');
    CHECK(identifier_parts(word).size() == 2);
    CHECK(identifier_parts(word + 'r').empty());
}

}  // namespace ccproxy::analytics
