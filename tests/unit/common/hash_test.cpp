#include "common/hash.hpp"

#include <catch2/catch.hpp>

namespace ccproxy {

TEST_CASE("SHA-256 gives the digest of FIPS 180-2") {
    CHECK(to_hex(sha256("abc")) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a digest survives its hexadecimal text") {
    Sha256 read{};
    CHECK(from_hex(to_hex(sha256("x")), read));
    CHECK(read == sha256("x"));
    CHECK_FALSE(from_hex("abc", read));
    CHECK_FALSE(from_hex(std::string(64, 'g'), read));
    CHECK(read == sha256("x"));
}

TEST_CASE("CRC32C gives the check value of RFC 3720, in one piece and in two") {
    CHECK(crc32c("123456789") == 0xE3069283U);
    CHECK(crc32c("6789", crc32c("12345")) == 0xE3069283U);
    CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AAU);
    CHECK(crc32c("") == 0);
}

TEST_CASE("CRC32C of a long text is that of its bytes one by one, wherever it begins and ends") {
    std::string text;
    for (std::size_t i = 0; i < 20'000; ++i) text.push_back(static_cast<char>(i * i >> 3));
    for (const std::size_t size : {3071, 3072, 3073, 6151, 12'287, 19'990}) {
        const std::string_view piece = std::string_view(text).substr(size % 10, size);
        std::uint32_t bytewise = 0;
        for (std::size_t i = 0; i < piece.size(); ++i) {
            bytewise = crc32c(piece.substr(i, 1), bytewise);
        }
        CAPTURE(size);
        CHECK(crc32c(piece) == bytewise);
        CHECK(crc32c(piece.substr(100), crc32c(piece.substr(0, 100))) == bytewise);
    }
}

TEST_CASE("secrets are equal only to themselves") {
    CHECK(equal_secrets("correct horse", "correct horse"));
    CHECK_FALSE(equal_secrets("correct horse", "correct horsf"));
    CHECK_FALSE(equal_secrets("correct horse", "correct hors"));
    CHECK_FALSE(equal_secrets("", "x"));
}

}  // namespace ccproxy
