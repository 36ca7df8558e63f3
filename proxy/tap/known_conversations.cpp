#include "proxy/tap/known_conversations.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/random.hpp"

namespace ccproxy::tap {
namespace {

/// Of one conversation: a few large ones must not drive out all others.
constexpr std::size_t max_marks_of_one = KnownConversations::max_marks / 16;

std::string_view bytes_of(const TextMark& mark) {
    return {reinterpret_cast<const char*>(&mark), sizeof mark};
}

}  // namespace

KnownConversations::KnownConversations() {
    static_assert(sizeof secret_ >= XXH3_SECRET_SIZE_MIN);
    fill_random(secret_.data(), secret_.size());
}

TextMark KnownConversations::mark(std::string_view text) const {
    const XXH128_hash_t hash =
        XXH3_128bits_withSecret(text.data(), text.size(), secret_.data(), secret_.size());
    return {hash.low64, hash.high64};
}

/// Of what is kept of it.
TextMark KnownConversations::mark(const Slice& slice, std::string_view body,
                                  const std::vector<Replacement>& replacements) const {
    if (has_part(slice.begin, slice.end, replacements)) {
        return mark(replace_parts(body, slice.begin, slice.end, replacements));
    }
    return mark(body.substr(slice.begin, slice.bytes()));
}

KnownConversations::Prompt KnownConversations::look_up(const ConversationOwner& owner,
                                                       std::string_view body,
                                                       const PromptSlices& slices,
                                                       std::uint64_t epoch) {
    if (epoch != epoch_) {
        by_conversation_.clear();
        entries_.clear();
        marks_ = 0;
        epoch_ = epoch;
    }
    Prompt prompt;
    prompt.epoch = epoch;
    if (slices.messages.empty()) return prompt;
    prompt.messages.reserve(slices.messages.size());
    for (const Slice& slice : slices.messages) {
        prompt.messages.push_back(mark(slice, body, slices.replacements));
    }
    if (slices.system.bytes() > 0) {
        prompt.system = mark(slices.system, body, slices.replacements);
    }
    // A session has several conversations, such as its subagents', each with a first message of its
    // own. The token comes first and holds no NUL, so the rest can only tell its own apart.
    std::string name;
    for (const std::string_view part : {owner.token_id, owner.session_id, owner.agent_id}) {
        name.append(part).push_back('\0');
    }
    prompt.conversation = mark(name.append(bytes_of(prompt.messages.front())));

    const auto found = by_conversation_.find(prompt.conversation);
    if (found == by_conversation_.end()) return prompt;
    const Entry& known = *found->second;
    const auto differs = std::ranges::mismatch(prompt.messages, known.prompt.messages);
    Continuation continues;
    continues.event_id = known.event_id;
    continues.of_count = known.prompt.messages.size();
    continues.message_count = static_cast<std::size_t>(differs.in1 - prompt.messages.begin());
    continues.same_system = prompt.system && prompt.system == known.prompt.system;
    std::size_t shared_bytes = continues.same_system ? slices.system.bytes() : 0;
    for (std::size_t i = 0; i < continues.message_count; ++i) {
        shared_bytes += slices.messages[i].bytes();
    }
    if (shared_bytes >= min_shared_bytes) prompt.continues = std::move(continues);
    return prompt;
}

void KnownConversations::remember(Prompt prompt, std::string event_id) {
    if (prompt.epoch != epoch_ || prompt.messages.empty()) return;
    const auto known = by_conversation_.find(prompt.conversation);
    if (known != by_conversation_.end()) forget(known->second);
    if (prompt.messages.size() > max_marks_of_one) return;
    marks_ += prompt.messages.size();
    entries_.push_front({std::move(prompt), std::move(event_id)});
    by_conversation_.emplace(entries_.front().prompt.conversation, entries_.begin());
    while (marks_ > max_marks || entries_.size() > max_conversations) {
        forget(std::prev(entries_.end()));
    }
}

void KnownConversations::forget(std::list<Entry>::iterator entry) {
    marks_ -= entry->prompt.messages.size();
    by_conversation_.erase(entry->prompt.conversation);
    entries_.erase(entry);
}

}  // namespace ccproxy::tap
