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

TEST_CASE("secrets are equal only to themselves") {
    CHECK(equal_secrets("correct horse", "correct horse"));
    CHECK_FALSE(equal_secrets("correct horse", "correct horsf"));
    CHECK_FALSE(equal_secrets("correct horse", "correct hors"));
    CHECK_FALSE(equal_secrets("", "x"));
}

}  // namespace ccproxy
