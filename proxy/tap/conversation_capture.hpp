// Collects what is said in one request, within its limit.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/conversation.hpp"
#include "proxy/tap/completion.hpp"
#include "proxy/tap/known_conversations.hpp"
#include "proxy/tap/prompt_finder.hpp"

namespace ccproxy::tap {

/// Pure; one a request, made only when its token has conversation logging on.
///
/// All texts together keep to `max_bytes`. What is worth least goes first: the oldest messages give
/// way to newer ones and to the completion. A system prompt or a completion of more than half the
/// limit is not kept whole: the system prompt is left out, the completion ends there.
class ConversationCapture {
  public:
    explicit ConversationCapture(std::size_t max_bytes)
        : max_bytes_(max_bytes), completion_(max_bytes / 2) {}

    /// Copies from a request's body what `slices` found in it. Once. What an earlier event said
    /// already, by `known`, is left out, unless the conversation comes near the limit: then its
    /// oldest messages may have to go.
    void take_prompt(std::string_view body, const PromptSlices& slices,
                     KnownConversations::Prompt known = {});
    /// For the tap of the answer.
    [[nodiscard]] Completion& completion() { return completion_; }

    /// About what is held in memory.
    [[nodiscard]] std::size_t held_bytes() const;
    /// Lets go of everything; what comes after is not taken either.
    void give_up();

    /// What was collected, its completion as far as it has come. Once.
    [[nodiscard]] ConversationText take();
    /// After take(): what later events may continue; nothing when messages are missing. Once.
    [[nodiscard]] std::optional<KnownConversations::Prompt> known();

  private:
    void drop_oldest(std::size_t surplus_bytes);

    std::size_t max_bytes_;
    ConversationText text_;
    std::size_t prompt_bytes_ = 0;  ///< Of the texts in it; what stands around them is not counted.
    std::size_t messages_at_ = 0;   ///< Where the first message begins in text_.prompt.
    std::vector<std::size_t> message_bytes_;  ///< Of each, the oldest first.
    KnownConversations::Prompt known_;
    bool all_messages_ = false;  ///< None was left out.
    Completion completion_;
};

}  // namespace ccproxy::tap
