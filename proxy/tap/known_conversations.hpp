// Remembers what the last event of each conversation said, so that the next one says only what is
// new: a client sends its whole history with every turn.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proto/conversation.hpp"
#include "proxy/tap/prompt_finder.hpp"

namespace ccproxy::tap {

/// 128 bits that stand for a text, by XXH3 with a secret of this process. Neither secret nor marks
/// leave it, so nobody can look for two texts that have one mark.
struct TextMark {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    bool operator==(const TextMark&) const = default;
};

/// Whose conversation it is. Texts that are not known are empty.
struct ConversationOwner {
    std::string_view token_id;
    std::string_view session_id;
    std::string_view agent_id;
};

/// Pure but for its secret. For one thread. Keeps marks, and nothing of what was said.
class KnownConversations {
  public:
    static constexpr std::size_t max_conversations = 4096;
    /// 16 bytes each.
    static constexpr std::size_t max_marks = 128 * 1024;
    /// Less is not worth a reference.
    static constexpr std::size_t min_shared_bytes = 512;

    KnownConversations();

    /// What a request's prompt is made of, and how it goes on from what is known.
    struct Prompt {
        TextMark conversation;
        std::optional<TextMark> system;
        std::vector<TextMark> messages;
        std::uint64_t epoch = 0;
        std::optional<Continuation> continues;
    };
    /// `slices` are those of `body`. With another `epoch` than before all that was known is
    /// forgotten: what was said then may not be there any more.
    Prompt look_up(const ConversationOwner& owner, std::string_view body,
                   const PromptSlices& slices, std::uint64_t epoch);

    /// The event of this prompt, whole or as its continuation, is in the journal, or on its way
    /// there before any that continues it; where it gets lost, another epoch begins. The last one
    /// of a conversation counts.
    void remember(Prompt prompt, std::string event_id);

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::size_t marks() const { return marks_; }

  private:
    struct Entry {
        Prompt prompt;
        std::string event_id;
    };
    struct MarkHash {
        std::size_t operator()(const TextMark& mark) const { return mark.low; }
    };

    [[nodiscard]] TextMark mark(std::string_view text) const;
    [[nodiscard]] TextMark mark(const Slice& slice, std::string_view body,
                                const std::vector<Replacement>& replacements) const;
    void forget(std::list<Entry>::iterator entry);

    std::array<unsigned char, 192> secret_;
    std::uint64_t epoch_ = 0;
    std::list<Entry> entries_;  ///< The one remembered last stands first.
    std::unordered_map<TextMark, std::list<Entry>::iterator, MarkHash> by_conversation_;
    std::size_t marks_ = 0;  ///< Of the messages in all entries.
};

}  // namespace ccproxy::tap
