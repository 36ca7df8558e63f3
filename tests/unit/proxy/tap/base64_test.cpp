#include "proxy/tap/base64.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::tap {

TEST_CASE("the examples of RFC 4648 are decoded, with and without padding") {
    const auto check = [](const char* text, const char* bytes) {
        CAPTURE(text);
        CHECK(decode_base64(text) == std::string(bytes));
    };
    check("", "");
    check("Zg==", "f");
    check("Zm8=", "fo");
    check("Zm9v", "foo");
    check("Zm9vYg==", "foob");
    check("Zm9vYmE=", "fooba");
    check("Zm9vYmFy", "foobar");
    check("Zg", "f");
    check("Zm9vYmE", "fooba");
    check(" Zm9v\r\nYm\tFy \n", "foobar");
}

TEST_CASE("every byte value comes through") {
    CHECK(decode_base64("AAECA/3+/w==") == std::string("\x00\x01\x02\x03\xFD\xFE\xFF", 7));
}

TEST_CASE("what is not base64 is told from what is") {
    for (const char* text : {"Z", "Zg=", "Zm9vY", "Zg===", "=", "====", "Zm=9", "Zm9v=", "Zm9v-_",
                             "Hello, world", "\xC3\xA4", "Zg==Zg=="}) {
        CAPTURE(text);
        CHECK_FALSE(decode_base64(text).has_value());
    }
}

}  // namespace ccproxy::tap
