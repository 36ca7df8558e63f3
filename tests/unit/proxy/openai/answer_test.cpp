#include "proxy/openai/answer.hpp"

#include <zlib.h>

#include <catch2/catch.hpp>
#include <vector>

namespace ccproxy::openai {
namespace {

const ModelMap no_models;
const std::string message =
    R"({"id":"m","type":"message","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn"})";
const std::string stream =
    "data: "
    "{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n"
    "data: {\"type\":\"message_stop\"}\n\n";

http1::ResponseHead head(int status, const std::string& type, const std::string& coding = "") {
    http1::ResponseHead made;
    made.status = status;
    made.fields.add("content-type", type);
    if (!coding.empty()) made.fields.add("content-encoding", coding);
    return made;
}

/// The whole translation of `body`, cut in the middle; the error's text when it fails.
std::string translated(const http1::ResponseHead& answered, const std::string& body,
                       Call::Kind kind = Call::Kind::completion) {
    AnswerTranslator translator({kind, false}, answered, no_models, 1'700'000'000);
    std::string out;
    const std::size_t half = body.size() / 2;
    Result<void> fed = translator.feed(std::string_view(body).substr(0, half), false, out);
    if (fed) fed = translator.feed(std::string_view(body).substr(half), true, out);
    return fed ? out : fed.error().message;
}

std::string gzipped(const std::string& text) {
    z_stream state{};
    REQUIRE(deflateInit2(&state, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
                         Z_DEFAULT_STRATEGY) == Z_OK);
    std::vector<unsigned char> input(text.begin(), text.end());
    std::vector<unsigned char> output(text.size() + 100);
    state.next_in = input.data();
    state.avail_in = static_cast<unsigned>(input.size());
    state.next_out = output.data();
    state.avail_out = static_cast<unsigned>(output.size());
    REQUIRE(deflate(&state, Z_FINISH) == Z_STREAM_END);
    const std::string made(output.begin(), output.begin() + static_cast<long>(state.total_out));
    deflateEnd(&state);
    return made;
}

}  // namespace

TEST_CASE("a message comes whole at its end, a stream as it arrives") {
    AnswerTranslator whole({}, head(200, "application/json"), no_models, 0);
    CHECK_FALSE(whole.streams());
    std::string out;
    REQUIRE(whole.feed(message, false, out).has_value());
    CHECK(out.empty());
    REQUIRE(whole.feed("", true, out).has_value());
    CHECK(out.starts_with(R"({"id":"m","object":"chat.completion")"));

    AnswerTranslator pieces({}, head(200, "Text/Event-Stream; charset=utf-8"), no_models, 0);
    CHECK(pieces.streams());
    out.clear();
    REQUIRE(pieces.feed(stream, false, out).has_value());
    CHECK(out.ends_with("data: [DONE]\n\n"));
}

TEST_CASE("gzip is read although it was not asked for; other codings are not") {
    const std::string plain = translated(head(200, "application/json"), message);
    CHECK(translated(head(200, "application/json", "gzip"), gzipped(message)) == plain);
    CHECK(translated(head(200, "application/json", "identity"), message) == plain);
    CHECK(translated(head(200, "text/event-stream", "gzip"), gzipped(stream)) ==
          translated(head(200, "text/event-stream"), stream));
    for (const char* coding : {"br", "gzip"}) {
        CHECK(translated(head(200, "application/json", coding), message)
                  .starts_with("the upstream's answer is too large"));
    }
}

TEST_CASE("errors are translated whatever was called, also as an answer to a stream") {
    const std::string error = R"({"type":"error","error":{"type":"x","message":"No."}})";
    for (const auto kind : {Call::Kind::completion, Call::Kind::model_list, Call::Kind::model}) {
        CHECK(translated(head(404, "application/json"), error, kind) ==
              R"({"error":{"message":"No.","type":"invalid_request_error","param":null,)"
              R"("code":"not_found"}})");
    }
    CHECK(translated(head(500, "text/event-stream"), "")
              .starts_with(R"({"error":{"message":"the upstream answered 500")"));
}

TEST_CASE("answers that none of the calls has are failures") {
    CHECK(translated(head(304, "application/json"), "") == "the upstream answered 304");
    CHECK(translated(head(200, "text/html"), "<html>").starts_with("the upstream's answer"));
    CHECK(translated(head(200, "application/json"), message, Call::Kind::model_list) ==
          "the upstream's answer is not a list of models");
    CHECK(translated(head(200, "application/json"), R"({"data":[]})", Call::Kind::model) ==
          "the upstream's answer is not a model");
}

TEST_CASE("what is held of an answer is limited") {
    AnswerTranslator translator({}, head(200, "application/json"), no_models, 0);
    const std::string piece(1 << 20, ' ');
    std::string out;
    Result<void> fed;
    std::size_t size = 0;
    for (; fed && size < 2 * AnswerTranslator::max_answer_bytes; size += piece.size()) {
        fed = translator.feed(piece, false, out);
    }
    CHECK(fed.has_error());
    CHECK(size <= AnswerTranslator::max_answer_bytes + piece.size());
}

TEST_CASE("the client's fields say what it gets") {
    http1::ResponseHead answered = head(200, "text/event-stream", "gzip");
    answered.fields.add("request-id", "req_1");
    answered.fields.add("x-request-id", "other");
    const AnswerTranslator translator({}, answered, no_models, 0);
    const http1::Fields given = translator.fields(answered.fields, "id-1");
    CHECK(given.count("content-encoding") == 0);
    CHECK(given.get("content-type") == "text/event-stream; charset=utf-8");
    CHECK(given.get("request-id") == "req_1");
    CHECK(given.get("x-request-id") == "id-1");
    CHECK(given.count("x-request-id") == 1);
}

}  // namespace ccproxy::openai
