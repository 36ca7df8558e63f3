#include "proxy/http/body_reader.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::http1 {
namespace {

struct Outcome {
    std::string payload;
    std::size_t consumed = 0;
    bool done = false;
    bool malformed = false;
    bool operator==(const Outcome&) const = default;
};

/// Feeds `input` in pieces of `piece` bytes.
Outcome feed(const Framing& framing, const std::string& input, std::size_t piece) {
    BodyReader reader(framing);
    Outcome outcome;
    for (std::size_t at = 0; at < input.size() && !reader.done(); at += piece) {
        std::string bytes = input.substr(at, piece);
        const BodyReader::Step step = reader.take(bytes.data(), bytes.size());
        outcome.payload.append(bytes, 0, step.payload);
        outcome.consumed += step.consumed;
        if (step.malformed) {
            outcome.malformed = true;
            break;
        }
    }
    outcome.done = reader.done();
    return outcome;
}

const Framing chunked{Framing::Kind::chunked, 0};

}  // namespace

TEST_CASE("a chunked body gives its payload however it is cut") {
    const std::string body =
        "5\r\nhello\r\n1;ext=\"a\"\r\n \r\n00A\r\n0123456789\r\n0\r\nTrailer: x\r\nB: y\r\n\r\n";
    for (std::size_t piece = 1; piece <= body.size() + 4; ++piece) {
        const Outcome outcome = feed(chunked, body + "NEXT", piece);
        CAPTURE(piece);
        CHECK(outcome.payload == "hello 0123456789");
        CHECK(outcome.done);
        CHECK(outcome.consumed == body.size());
    }
}

TEST_CASE("malformed chunks are told, with what came before them") {
    for (const char* bad :
         {"x\r\n", "5\nhello", "5\r\nhelloX\r\n", "5\r\nhello\rX", "-1\r\n", "\r\n", "5 5\n",
          "0\r\n\n", "0\r\nA: b\n\r\n", "fffffffffffffffff\r\n", "5\rX"}) {
        CAPTURE(bad);
        for (std::size_t piece = 1; piece <= 16; ++piece) {
            const Outcome outcome = feed(chunked, std::string("2\r\nok\r\n") + bad, piece);
            CHECK(outcome.malformed);
            CHECK(outcome.payload.substr(0, 2) == "ok");
            CHECK_FALSE(outcome.done);
        }
    }
}

TEST_CASE("extensions and trailers without end are refused") {
    CHECK(feed(chunked, "1;" + std::string(20'000, 'x'), 100).malformed);
    CHECK(feed(chunked, "0\r\nA: " + std::string(20'000, 'x'), 100).malformed);
    std::string many_trailers = "0\r\n";
    for (int i = 0; i < 5000; ++i) many_trailers += "A: b\r\n";
    CHECK(feed(chunked, many_trailers, 100).malformed);
}

TEST_CASE("a body of known length ends where it should") {
    const Outcome outcome = feed({Framing::Kind::length, 5}, "helloNEXT", 3);
    CHECK(outcome.payload == "hello");
    CHECK(outcome.done);
    CHECK(outcome.consumed == 5);
    CHECK_FALSE(feed({Framing::Kind::length, 6}, "hello", 2).done);
}

TEST_CASE("a body without framing ends with its connection, an empty one at once") {
    CHECK_FALSE(feed({Framing::Kind::until_close, 0}, "anything", 3).done);
    CHECK(BodyReader({Framing::Kind::until_close, 0}).ends_with_connection());
    CHECK(BodyReader({Framing::Kind::none, 0}).done());
    CHECK_FALSE(BodyReader(chunked).ends_with_connection());
}

}  // namespace ccproxy::http1
