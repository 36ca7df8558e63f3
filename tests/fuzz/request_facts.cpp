// What is read of a request's body on its way through: the parts that make the conversation stand
// where they are said to stand, and make an event that can be read back.
#include "proxy/tap/request_facts.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/conversation_codec.hpp"
#include "proto/event_codec.hpp"
#include "proxy/tap/conversation_capture.hpp"
#include "tests/fuzz/check.hpp"

namespace {

/// Small, so that a fuzzer reaches it.
constexpr std::size_t max_conversation_bytes = 4096;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using ccproxy::fuzz::check;
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    ccproxy::tap::PromptSlices slices;
    const auto facts = ccproxy::tap::read_request_facts(body, &slices);
    const auto alone = ccproxy::tap::read_request_facts(body);
    check(facts.has_value() == alone.has_value(), "both ways of reading agree");
    if (!facts) return 0;
    check(facts->model == alone->model && facts->stream == alone->stream, "the facts are equal");

    ccproxy::tap::ConversationCapture capture(max_conversation_bytes);
    capture.take_prompt(body, slices);
    ccproxy::Event event;
    event.id = "01900000-0000-7000-8000-000000000000";
    event.token_id = "token";
    event.account_id = "account";
    event.mode = "api";
    event.model = facts->model;
    event.status_code = 200;
    const ccproxy::ConversationText text = capture.take();
    const ccproxy::EventPieces pieces = ccproxy::encode_event(event, text);
    std::string bytes;
    for (const std::string_view piece : pieces.views()) bytes.append(piece);
    const auto parts = ccproxy::split_event(bytes);
    check(parts.has_value(), "an event with a conversation can be taken apart");
    check(parts->conversation.has_value(), "the conversation is in it");
    check(parts->conversation->messages.size() <= slices.messages.size(),
          "with no messages but the request's");
    check(parts->conversation->truncated == text.truncated, "and says whether that is all");
    check(text.truncated || parts->conversation->messages.size() == slices.messages.size(),
          "which it is only with all messages");
    check(ccproxy::decode_event(parts->fields).has_value(), "the rest of it can be read");

    // Sent again, it goes on from itself.
    ccproxy::tap::KnownConversations known;
    known.remember(known.look_up({"token", "session", ""}, body, slices, 0), event.id);
    ccproxy::tap::ConversationCapture again(2 * body.size() + max_conversation_bytes);
    again.take_prompt(body, slices, known.look_up({"token", "session", ""}, body, slices, 0));
    const ccproxy::ConversationText next = again.take();
    if (!next.continues) return 0;
    check(next.continues->message_count == slices.messages.size(), "with all its messages");
    check(next.prompt.ends_with(R"("messages":[])"), "none of which it says again");
    return 0;
}
