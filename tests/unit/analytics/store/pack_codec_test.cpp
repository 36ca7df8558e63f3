// Packs come out as they went in, or not at all.
#include "analytics/store/sqlite/pack_codec.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "analytics/store/sqlite/message_codec.hpp"

using namespace ccproxy::analytics;

namespace {

constexpr auto zstd = static_cast<std::int64_t>(PackEncoding::zstd);

std::string some_content(std::size_t size) {
    std::mt19937 random(7);
    std::string content;
    while (content.size() < size) content += std::to_string(random() % 1000) + " ";
    return content;
}

std::string decode(const std::string& body, const std::string& content) {
    return decode_pack(zstd, body, static_cast<std::int64_t>(content.size()));
}

/// `content` also when the body is refused.
std::string decoded_or(const std::string& body, const std::string& content) {
    try {
        return decode(body, content);
    } catch (const DamagedMessage&) {
        return content;
    }
}

}  // namespace

TEST_CASE("a pack is decoded to what was encoded", "[pack]") {
    for (const std::size_t size : {0, 1, 1000, 300'000}) {
        const std::string content = some_content(size);
        for (const int level : {fast_level, thorough_level}) {
            const std::string body = encode_pack(content, level);
            CHECK(decode(body, content) == content);
            if (size > 100) CHECK(body.size() * 2 < content.size());
        }
    }
}

TEST_CASE("no change of a byte and no cut goes unnoticed", "[pack]") {
    const std::string content = some_content(2000);
    const std::string body = encode_pack(content, thorough_level);
    for (std::size_t i = 0; i < body.size(); ++i) {
        CHECK_THROWS_AS(decode(body.substr(0, i), content), DamagedMessage);
        std::string changed = body;
        changed[i] = static_cast<char>(changed[i] ^ 0x10);
        // A bit of the frame's head may say nothing.
        CHECK(decoded_or(changed, content) == content);
    }
}

TEST_CASE("a size that is not the content's is refused before memory is taken", "[pack]") {
    const std::string content = some_content(2000);
    const std::string body = encode_pack(content, fast_level);
    const auto size = static_cast<std::int64_t>(content.size());
    for (const std::int64_t bytes :
         {size - 1, size + 1, std::int64_t{-1}, max_message_bytes + 1, std::int64_t{1} << 62}) {
        CHECK_THROWS_AS(decode_pack(zstd, body, bytes), DamagedMessage);
    }
    CHECK_THROWS_WITH(decode_pack(2, body, size), "a pack has an encoding of a newer version");
    // A frame that would unfold to more than any pack has.
    const std::string bomb =
        encode_pack(std::string(static_cast<std::size_t>(max_message_bytes) + 1, 'x'), fast_level);
    CHECK_THROWS_AS(decode_pack(zstd, bomb, max_message_bytes + 1), DamagedMessage);
}
