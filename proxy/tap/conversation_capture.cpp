#include "proxy/tap/conversation_capture.hpp"

#include <algorithm>
#include <utility>

#include "common/utf8.hpp"
#include "proxy/tap/json_pieces.hpp"

namespace ccproxy::tap {
namespace {

constexpr std::size_t comma_bytes = 1;
constexpr std::string_view system_key = R"("system":)";
constexpr std::string_view messages_key = R"("messages":[)";

/// Copies slices of a body, with what stands in place of parts of them, made valid UTF-8.
class SliceCopier {
  public:
    SliceCopier(std::string_view body, const std::vector<Replacement>& replacements)
        : body_(body), replacements_(replacements) {}

    /// What append() will append, in bytes; or more than `limit_bytes`, where it is more. Asked of
    /// every slice before any is appended.
    [[nodiscard]] std::size_t bytes(const Slice& slice, std::size_t limit_bytes) {
        const std::size_t bytes = replaced_bytes(slice.begin, slice.end, replacements_);
        if (bytes > limit_bytes || is_clean(slice)) return bytes;
        all_clean_ = false;
        return cleaned(slice).size();
    }
    void append(const Slice& slice, std::string& out) const {
        if (all_clean_ || is_clean(slice)) {
            append_replaced(body_, slice.begin, slice.end, replacements_, out);
        } else {
            out.append(cleaned(slice));
        }
    }

  private:
    [[nodiscard]] bool is_clean(const Slice& slice) const {
        return is_utf8(body_.substr(slice.begin, slice.bytes()));
    }
    [[nodiscard]] std::string cleaned(const Slice& slice) const {
        return to_valid_utf8(replace_parts(body_, slice.begin, slice.end, replacements_));
    }

    std::string_view body_;
    const std::vector<Replacement>& replacements_;
    bool all_clean_ = true;
};

/// As they stand in the request.
std::size_t text_bytes(const PromptSlices& slices) {
    std::size_t bytes = slices.system.bytes();
    for (const Slice& message : slices.messages) bytes += message.bytes();
    return bytes;
}

}  // namespace

void ConversationCapture::take_prompt(std::string_view body, const PromptSlices& slices,
                                      KnownConversations::Prompt known) {
    known_ = std::move(known);
    text_.continues = std::exchange(known_.continues, std::nullopt);
    if (slices.truncated || text_bytes(slices) >= max_bytes_ / 2) text_.continues.reset();
    SliceCopier copier(body, slices.replacements);
    text_.truncated = slices.truncated;
    const auto oldest =
        slices.messages.begin() +
        static_cast<std::ptrdiff_t>(text_.continues ? text_.continues->message_count : 0);
    Slice system = text_.continues && text_.continues->same_system ? Slice{} : slices.system;
    prompt_bytes_ = copier.bytes(system, max_bytes_ / 2);
    if (prompt_bytes_ > 0 && prompt_bytes_ >= max_bytes_ / 2) {
        text_.truncated = true;
        system = {};
        prompt_bytes_ = 0;
    }
    // The newest ones, for which there is room.
    auto first = slices.messages.end();
    while (first != oldest) {
        const std::size_t room = max_bytes_ - prompt_bytes_;
        const std::size_t bytes = copier.bytes(*(first - 1), room);
        if (bytes >= room) {
            text_.truncated = true;
            break;
        }
        prompt_bytes_ += bytes + comma_bytes;
        message_bytes_.push_back(bytes);
        --first;
    }
    all_messages_ = !text_.truncated;
    std::reverse(message_bytes_.begin(), message_bytes_.end());

    std::string& prompt = text_.prompt;
    prompt.clear();
    prompt.reserve(prompt_bytes_ + system_key.size() + messages_key.size() + 2);
    if (system.bytes() > 0) {
        prompt.append(system_key);
        copier.append(system, prompt);
        prompt.push_back(',');
    }
    prompt.append(messages_key);
    messages_at_ = prompt.size();
    for (auto message = first; message != slices.messages.end(); ++message) {
        if (message != first) prompt.push_back(',');
        copier.append(*message, prompt);
    }
    prompt.push_back(']');
}

std::size_t ConversationCapture::held_bytes() const {
    return prompt_bytes_ + message_bytes_.size() * sizeof(std::size_t) +
           known_.messages.size() * sizeof(TextMark) + completion_.bytes();
}

void ConversationCapture::give_up() {
    text_ = {};
    prompt_bytes_ = 0;
    message_bytes_ = {};
    known_ = {};
    all_messages_ = false;
    completion_ = Completion(0);
    completion_.note_loss();
}

ConversationText ConversationCapture::take() {
    text_.completion = completion_.json();
    text_.truncated = text_.truncated || completion_.truncated();
    const std::size_t bytes = prompt_bytes_ + text_.completion.size();
    if (bytes > max_bytes_) drop_oldest(bytes - max_bytes_);
    return std::move(text_);
}

std::optional<KnownConversations::Prompt> ConversationCapture::known() {
    if (!all_messages_) return std::nullopt;
    return std::move(known_);
}

void ConversationCapture::drop_oldest(std::size_t surplus_bytes) {
    text_.truncated = true;
    text_.continues.reset();
    all_messages_ = false;
    std::size_t dropped_bytes = 0;
    auto first = message_bytes_.begin();
    while (first != message_bytes_.end() && dropped_bytes < surplus_bytes) {
        dropped_bytes += *first++ + comma_bytes;
    }
    // The last one has no comma behind it.
    const bool all = first == message_bytes_.end();
    text_.prompt.erase(messages_at_, dropped_bytes - (all && dropped_bytes > 0 ? comma_bytes : 0));
    if (dropped_bytes < surplus_bytes) text_.completion.clear();
}

}  // namespace ccproxy::tap
