#include "proxy/web/answer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/web/error.hpp"

namespace ccproxy::web {
namespace {

constexpr std::array<std::string_view, 8> events_that_count{
    "completion",         "message_start", "content_block_start", "content_block_delta",
    "content_block_stop", "message_delta", "message_stop",        "error"};
constexpr std::size_t max_stop_reason_bytes = 64;
constexpr std::size_t max_model_bytes = 256;

bool counts(std::string_view type) {
    return std::find(events_that_count.begin(), events_that_count.end(), type) !=
           events_that_count.end();
}

std::string_view model_of(const JsonValue& object) {
    return find_text(object, "model").substr(0, max_model_bytes);
}

}  // namespace

void Answer::feed(std::string_view bytes, bool end, std::string& out) {
    sse_.feed(bytes, [&](const tap::SseEvent& event) {
        check_limits(out);
        take(event, out);
    });
    check_limits(out);
    if (end) fail(502, "api_error", "the upstream's stream ended before its last event", out);
}

void Answer::check_limits(std::string& out) {
    if (sse_.has_passed_over()) {
        fail(502, "api_error", "the upstream sent an event that is too large", out);
    }
    if (writer_.held_bytes() > max_plain_bytes) {
        fail(502, "api_error", "the upstream's answer is too large", out);
    }
}

void Answer::take(const tap::SseEvent& sent, std::string& out) {
    if (writer_.ended()) return;
    if (sent.name == "ping") return writer_.ping(out);
    const Result<rapidjson::Document> event = parse_bounded(sent.data);
    if (!event) {
        if (!sent.name.empty() && !counts(sent.name)) return;
        return fail(502, "api_error", "the upstream sent an event that cannot be read", out);
    }
    const std::string_view named = find_text(*event, "type");
    const std::string_view type = named.empty() ? sent.name : named;
    if (type == "completion") return take_completion(*event, out);
    if (type == "message_start") {
        const JsonValue* message = find(*event, "message");
        writer_.start(message == nullptr ? std::string_view() : model_of(*message), out);
    }
    if (type == "content_block_start") {
        const JsonValue* block = find(*event, "content_block");
        if (block == nullptr) return;
        if (find_text(*block, "type") == "text") writer_.add_text(find_text(*block, "text"), out);
    }
    if (type == "content_block_delta") take_delta(*event, out);
    if (type == "content_block_stop") writer_.end_block(out);
    if (type == "message_delta") {
        const JsonValue* delta = find(*event, "delta");
        const std::string_view reason =
            delta == nullptr ? std::string_view() : find_text(*delta, "stop_reason");
        if (!reason.empty()) stop_reason_ = reason.substr(0, max_stop_reason_bytes);
    }
    if (type == "message_stop") writer_.finish(stop_reason_, out);
    if (type == "error") {
        BackendError error = read_error(*event, session_key_);
        if (error.message.empty()) error.message = "the upstream failed";
        fail(status_of(error.type), error.type, std::move(error.message), out);
    }
}

void Answer::take_completion(const JsonValue& event, std::string& out) {
    writer_.start(model_of(event), out);
    std::string_view text = find_text(event, "completion");
    // The space that stands between «Assistant:» and what it says.
    if (!has_text_ && text.starts_with(' ')) text.remove_prefix(1);
    has_text_ = has_text_ || !text.empty();
    writer_.add_text(text, out);
    const std::string_view reason = find_text(event, "stop_reason");
    if (reason.empty()) return;
    // What stopped it there is the next «Human:», the end of its turn.
    if (reason != "stop_sequence") stop_reason_ = reason.substr(0, max_stop_reason_bytes);
    writer_.finish(stop_reason_, out);
}

void Answer::take_delta(const JsonValue& event, std::string& out) {
    const JsonValue* delta = find(event, "delta");
    if (delta == nullptr) return;
    const std::string_view type = find_text(*delta, "type");
    if (type == "text_delta") writer_.add_text(find_text(*delta, "text"), out);
    if (type == "thinking_delta") writer_.add_thinking(find_text(*delta, "thinking"), out);
}

void Answer::fail(int status, std::string_view type, std::string message, std::string& out) {
    if (writer_.ended()) return;
    writer_.fail(type, message, out);
    if (!streams_) failure_ = Failure{status, std::move(message)};
}

}  // namespace ccproxy::web
