// An answer of the Messages API becomes the same answer in OpenAI's format however its bytes were
// cut, and everything in it is JSON. The first byte of a text chooses the kind of answer.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/json/tree.hpp"
#include "proxy/openai/answer.hpp"
#include "tests/fuzz/pieces.hpp"

namespace {

using ccproxy::fuzz::check;
using ccproxy::openai::AnswerTranslator;
using ccproxy::openai::Call;

struct Kind {
    char letter;
    Call call;
    int status;
    std::string_view content_type;
};

constexpr std::array<Kind, 6> kinds{
    {{'s', {Call::Kind::completion, true}, 200, "text/event-stream"},
     {'q', {Call::Kind::completion, false}, 200, "text/event-stream"},
     {'j', {Call::Kind::completion, false}, 200, "application/json"},
     {'e', {Call::Kind::completion, false}, 529, "application/json"},
     {'l', {Call::Kind::model_list, false}, 200, "application/json"},
     {'m', {Call::Kind::model, false}, 200, "application/json"}}};

/// Each event is one line of data, or a comment.
void check_events(std::string_view text) {
    static constexpr std::string_view end = "\n\n";
    while (!text.empty()) {
        const std::size_t size = text.find(end);
        check(size != std::string_view::npos, "an event is whole");
        const std::string_view event = text.substr(0, size);
        text.remove_prefix(size + end.size());
        if (event.starts_with(':')) continue;
        check(event.starts_with("data: "), "an event has data");
        check(event == "data: [DONE]" || ccproxy::parse_bounded(event.substr(6)).has_value(),
              "an event's data is JSON");
    }
}

std::string read(const Kind& kind, const ccproxy::fuzz::Pieces& pieces) {
    const ccproxy::openai::ModelMap models{{"gpt-4o", "claude-sonnet-4"}};
    ccproxy::http1::ResponseHead response;
    response.status = kind.status;
    response.fields.add("content-type", kind.content_type);
    AnswerTranslator translator(kind.call, response, models, 1'750'000'000);
    std::string out;
    for (const std::string_view piece : pieces) {
        const auto fed = translator.feed(piece, false, out);
        if (!fed) return fed.error().message;
    }
    const auto ended = translator.feed({}, true, out);
    if (!ended) return ended.error().message;
    if (translator.streams()) {
        check_events(out);
    } else {
        check(ccproxy::parse_bounded(out).has_value(), "an answer is JSON");
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const Kind& kind : kinds) {
        if (text.empty() || text.front() != kind.letter) continue;
        ccproxy::fuzz::expect_same_for_any_cut(
            text.substr(1),
            [&](const ccproxy::fuzz::Pieces& pieces) { return read(kind, pieces); });
    }
    return 0;
}
