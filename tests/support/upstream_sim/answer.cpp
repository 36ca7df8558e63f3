// Making an answer.
#include "tests/support/upstream_sim/answer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tests/support/upstream_sim/json_text.hpp"

namespace upstream_sim {

const char kThinkingText[] = "The request is simple. I will answer it with one short sentence.";
const char kSignatureText[] =
    "EqQBCkYIBxgCKkBzaW11bGF0ZWQgc2lnbmF0dXJlIG9mIHRoZSB1cHN0cmVhbSBzaW11bGF0b3I=";

namespace {

constexpr std::size_t kPieceBytes = 16;    // of a delta that is not steered
constexpr std::size_t kQuoteBytes = 48;    // of the user's text, echoed
constexpr std::size_t kBytesPerToken = 4;  // what the API comes to on English text

bool continues(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::string default_text(const MessagesRequest& request) {
    std::string said = without_markers(request.last_text);
    std::size_t size = std::min(said.size(), kQuoteBytes);
    while (size > 0 && size < said.size() && continues(said[size])) --size;
    said.resize(size);
    return joined({"Hello from the upstream simulator. You said: ", said});
}

}  // namespace

PiecedText::PiecedText(std::string base, const Steering& steering) : base_(std::move(base)) {
    const std::size_t events = steering.events.value_or(0);
    if (base_.empty() && (events > 0 || steering.body_bytes)) base_ += 'x';
    total_bytes_ = steering.body_bytes.value_or(base_.size());
    piece_bytes_ = steering.delta_bytes.value_or(kPieceBytes);
    if (steering.events == 0U) total_bytes_ = 0;
    if (events > 0) {
        if (!steering.delta_bytes) piece_bytes_ = total_bytes_ / events;
        piece_bytes_ = std::max<std::size_t>(piece_bytes_, 1);
        if (steering.delta_bytes || total_bytes_ < events) total_bytes_ = piece_bytes_ * events;
    }
    piece_bytes_ = std::max<std::size_t>(piece_bytes_, 1);
    pieces_ = events > 0 ? events : (total_bytes_ + piece_bytes_ - 1) / piece_bytes_;
}

std::string PiecedText::piece(std::size_t index) const {
    const std::size_t to = index + 1 >= pieces_ ? total_bytes_ : (index + 1) * piece_bytes_;
    return slice(boundary(index * piece_bytes_), boundary(to));
}

std::string PiecedText::all() const {
    return slice(0, boundary(total_bytes_));
}

std::string PiecedText::slice(std::size_t from, std::size_t to) const {
    std::string out;
    out.reserve(to - from);
    while (from < to) {
        const std::size_t at = from % base_.size();
        const std::size_t size = std::min(to - from, base_.size() - at);
        out.append(base_, at, size);
        from += size;
    }
    return out;
}

std::size_t PiecedText::boundary(std::size_t at) const {
    if (base_.empty()) return 0;
    while (continues(base_[at % base_.size()])) ++at;
    return at;
}

Answer make_answer(const MessagesRequest& request, const Steering& steering, std::size_t body_bytes,
                   Ids& ids) {
    Answer answer{.message_id = ids.message(),
                  .model = request.model,
                  .usage = {},
                  .text = PiecedText(steering.text.value_or(default_text(request)), steering),
                  .thinking = request.thinking || steering.thinking,
                  .tool_id = {},
                  .tool_name = {},
                  .tool_input = {},
                  .stop_reason = "end_turn"};
    const bool wants_tool =
        steering.tool_use || (request.tool_forced && !request.tool_name.empty());
    if (wants_tool && !request.has_tool_result) {
        answer.tool_id = ids.tool_use();
        const std::string name = request.tool_name.empty() ? "simulated_tool" : request.tool_name;
        answer.tool_name = steering.tool_name.value_or(name);
        answer.tool_input = steering.tool_input.value_or(R"({"input":"simulated"})");
        answer.stop_reason = "tool_use";
    }
    if (steering.stop_reason) answer.stop_reason = *steering.stop_reason;

    const std::size_t spoken_bytes = answer.text.bytes() + answer.tool_input.size() +
                                     (answer.thinking ? std::strlen(kThinkingText) : 0);
    answer.usage.input =
        steering.input.value_or(std::max<std::size_t>(body_bytes / kBytesPerToken, 1));
    answer.usage.cache_5m = steering.cache_5m.value_or(0);
    answer.usage.cache_1h = steering.cache_1h.value_or(0);
    answer.usage.cache_read = steering.cache_read.value_or(0);
    answer.usage.output = steering.output.value_or(spoken_bytes / kBytesPerToken + 1);
    return answer;
}

std::string usage_fields(const Usage& usage, bool split) {
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    std::string out = joined({R"("input_tokens":)", number(usage.input)});
    out += joined({R"(,"cache_creation_input_tokens":)", number(usage.cache_5m + usage.cache_1h)});
    out += joined({R"(,"cache_read_input_tokens":)", number(usage.cache_read)});
    if (split) {
        out +=
            joined({R"(,"cache_creation":{"ephemeral_5m_input_tokens":)", number(usage.cache_5m)});
        out += joined({R"(,"ephemeral_1h_input_tokens":)", number(usage.cache_1h), "}"});
    }
    out += joined({R"(,"output_tokens":)", number(usage.output)});
    return out;
}

std::string stop_fields(const std::string& stop_reason) {
    const char* sequence = stop_reason == "stop_sequence" ? R"("END")" : "null";
    return joined({R"("stop_reason":)", quoted(stop_reason), R"(,"stop_sequence":)", sequence});
}

std::string message_json(const Answer& answer, const Steering& steering) {
    std::string out = joined({R"({"id":)", quoted(answer.message_id)});
    out += joined({R"(,"type":"message","role":"assistant","model":)", quoted(answer.model)});
    out += R"(,"content":[)";
    if (answer.thinking) {
        out += joined({R"({"type":"thinking","thinking":)", quoted(kThinkingText)});
        out += joined({R"(,"signature":)", quoted(kSignatureText), "},"});
    }
    out += R"({"type":"text","text":)";
    append_quoted(out, answer.text.all());
    out += "}";
    if (!answer.tool_id.empty()) {
        out += joined({R"(,{"type":"tool_use","id":)", quoted(answer.tool_id)});
        out += joined({R"(,"name":)", quoted(answer.tool_name)});
        out += joined({R"(,"input":)", answer.tool_input, "}"});
    }
    out += joined({"],", stop_fields(answer.stop_reason)});
    if (!steering.no_usage) {
        out += joined({R"(,"usage":{)", usage_fields(answer.usage, !steering.no_split)});
        out += R"(,"service_tier":"standard"})";
    }
    out += "}";
    return out;
}

}  // namespace upstream_sim
