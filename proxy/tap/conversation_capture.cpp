#include "proxy/tap/conversation_capture.hpp"

#include <algorithm>
#include <utility>

#include "proxy/tap/json_pieces.hpp"

namespace ccproxy::tap {
namespace {

constexpr std::size_t comma_bytes = 1;

/// The text of a slice, made fit to be kept; empty when it does not have fewer than `max_bytes`.
std::string text_of(std::string_view body, const Slice& slice,
                    const std::vector<Replacement>& references, std::size_t max_bytes) {
    if (replaced_bytes(slice.begin, slice.end, references) >= max_bytes) return "";
    std::string text = to_valid_utf8(replace_parts(body, slice.begin, slice.end, references));
    return text.size() < max_bytes ? text : "";
}

}  // namespace

void ConversationCapture::take_prompt(std::string_view body, const PromptSlices& slices) {
    prompt_.truncated = slices.truncated;
    if (slices.system.bytes() > 0) {
        prompt_.system = text_of(body, slices.system, slices.references, max_bytes_ / 2);
        if (prompt_.system.empty()) prompt_.truncated = true;
    }
    prompt_bytes_ = prompt_.system.size();
    for (auto slice = slices.messages.rbegin(); slice != slices.messages.rend(); ++slice) {
        std::string text = text_of(body, *slice, slices.references, max_bytes_ - prompt_bytes_);
        if (text.empty()) {
            prompt_.truncated = true;
            break;
        }
        prompt_bytes_ += text.size() + comma_bytes;
        prompt_.messages.push_back(std::move(text));
    }
    std::reverse(prompt_.messages.begin(), prompt_.messages.end());
}

std::size_t ConversationCapture::held_bytes() const {
    return prompt_bytes_ + prompt_.messages.size() * sizeof(std::string) + completion_.bytes();
}

void ConversationCapture::give_up() {
    prompt_ = {};
    prompt_bytes_ = 0;
    completion_ = Completion(0);
    completion_.note_loss();
}

Conversation ConversationCapture::take() {
    Conversation conversation = std::move(prompt_);
    conversation.completion = completion_.json();
    conversation.truncated = conversation.truncated || completion_.truncated();
    std::size_t bytes = prompt_bytes_ + conversation.completion.size();
    auto oldest = conversation.messages.begin();
    while (bytes > max_bytes_ && oldest != conversation.messages.end()) {
        bytes -= oldest++->size() + comma_bytes;
        conversation.truncated = true;
    }
    conversation.messages.erase(conversation.messages.begin(), oldest);
    if (bytes > max_bytes_) {
        conversation.completion.clear();
        conversation.truncated = true;
    }
    return conversation;
}

}  // namespace ccproxy::tap
