// A chat backend's answer becomes the same answer of the Messages API however its bytes were cut,
// and everything in it is JSON. The first byte of a text chooses whether the client asked for a
// stream, or whether it is the body of an error.
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/json/tree.hpp"
#include "proxy/web/answer.hpp"
#include "proxy/web/error.hpp"
#include "tests/fuzz/pieces.hpp"

namespace {

using ccproxy::fuzz::check;
using ccproxy::web::Answer;

/// Each event has a name and one line of data; nothing follows the end.
void check_events(std::string_view text) {
    static constexpr std::string_view end = "\n\n";
    bool ended = false;
    while (!text.empty()) {
        const std::size_t size = text.find(end);
        check(size != std::string_view::npos, "an event is whole");
        const std::string_view event = text.substr(0, size);
        text.remove_prefix(size + end.size());
        const std::size_t line = event.find('\n');
        check(event.starts_with("event: ") && line != std::string_view::npos, "it has a name");
        check(event.substr(line + 1).starts_with("data: "), "it has data");
        check(ccproxy::parse_bounded(event.substr(line + 7)).has_value(),
              "an event's data is JSON");
        check(!ended, "nothing follows the end");
        const std::string_view name = event.substr(7, line - 7);
        ended = name == "message_stop" || name == "error";
    }
    check(ended, "the stream ends, well or with an error");
}

std::string read(bool stream, const ccproxy::fuzz::Pieces& pieces) {
    ccproxy::web::AnswerFacts facts;
    facts.id = "msg_1";
    facts.model = "claude-sonnet-4";
    facts.stream = stream;
    facts.stop_sequences = {"STOP", "\n\nHuman:", "世界"};
    Answer answer(facts, "sk-ant-sid01");
    std::string out;
    for (const std::string_view piece : pieces) answer.feed(piece, false, out);
    answer.feed({}, true, out);
    if (const auto& failure = answer.failure()) {
        check(failure->message.find("sk-ant-sid01") == std::string::npos,
              "an error holds no credential");
        return failure->message;
    }
    if (stream) {
        check_events(out);
    } else {
        check(ccproxy::parse_bounded(out).has_value(), "a message is JSON");
    }
    return out;
}

void read_error(std::string_view body) {
    const auto error = ccproxy::web::read_error_body(429, body, "sk-ant-sid01");
    check(!error.message.empty(), "an error has a message");
    check(error.message.find("sk-ant-sid01") == std::string::npos, "an error holds no credential");
    check(ccproxy::web::status_of(error.type) >= 400, "an error has a status");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.empty()) return 0;
    if (text.front() == 'e') {
        read_error(text.substr(1));
        return 0;
    }
    const bool stream = text.front() == 's';
    ccproxy::fuzz::expect_same_for_any_cut(
        text.substr(1), [&](const ccproxy::fuzz::Pieces& pieces) { return read(stream, pieces); });
    return 0;
}
