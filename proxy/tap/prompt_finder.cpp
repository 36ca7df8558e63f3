#include "proxy/tap/prompt_finder.hpp"

#include <utility>

#include "proto/conversation.hpp"

namespace ccproxy::tap {

PromptSlices PromptFinder::found() {
    slices_.references = std::move(sources_.found());
    const std::size_t count = slices_.messages.size();
    if (count > max_conversation_messages) {
        const auto surplus = static_cast<std::ptrdiff_t>(count - max_conversation_messages);
        slices_.messages.erase(slices_.messages.begin(), slices_.messages.begin() + surplus);
        slices_.truncated = true;
    }
    return std::move(slices_);
}

void PromptFinder::take(const JsonReader& reader, JsonToken token) {
    if (piece_depth_ != 0 && reader.has_name()) take_name(reader.name());
    switch (token) {
        case JsonToken::string:
            return take_string(reader);
        case JsonToken::start_object:
        case JsonToken::start_array:
            return start(reader, token == JsonToken::start_object);
        case JsonToken::end_object:
        case JsonToken::end_array:
            return end(reader, token == JsonToken::end_object);
        default:
            if (piece_depth_ != 0) sources_.other_scalar();
    }
}

void PromptFinder::take_name(const JsonText& name) {
    name.is_escaped ? sources_.key(name.text()) : sources_.key(name.raw);
}

void PromptFinder::take_string(const JsonReader& reader) {
    if (piece_depth_ != 0) {
        // Nearly all text is of no interest here, and is not looked at.
        return sources_.wants_string() ? sources_.string(reader.value().text())
                                       : sources_.other_scalar();
    }
    if (reader.depth() == 1 && reader.name().is("system")) {
        slices_.system = {reader.begin_at(), reader.end_at()};
    }
}

void PromptFinder::start(const JsonReader& reader, bool is_object) {
    const std::size_t depth = reader.depth();
    if (depth == 2 && !is_object && reader.name().is("messages")) {
        in_messages_ = true;
        slices_.messages.clear();
    }
    const bool is_system = depth == 2 && !is_object && reader.name().is("system");
    const bool is_message = depth == 3 && is_object && in_messages_;
    if (piece_depth_ == 0 && (is_system || is_message)) {
        piece_depth_ = depth;
        piece_begin_ = reader.begin_at();
        piece_too_deep_ = false;
    }
    if (piece_depth_ == 0) return;
    is_object ? sources_.start_object(reader.begin_at()) : sources_.start_array();
    if (sources_.depth() > max_conversation_depth) piece_too_deep_ = true;
}

void PromptFinder::end(const JsonReader& reader, bool is_object) {
    if (piece_depth_ != 0) {
        is_object ? sources_.end_object(reader.end_at()) : sources_.end_array();
    }
    if (piece_depth_ == reader.depth() + 1) close_piece(reader.end_at());
    if (reader.depth() == 1) in_messages_ = false;
}

void PromptFinder::close_piece(std::size_t end_at) {
    piece_depth_ = 0;
    const Slice piece{piece_begin_, end_at};
    if (piece_too_deep_) {
        slices_.truncated = true;
    } else if (!in_messages_) {
        slices_.system = piece;
    } else {
        std::vector<Slice>& messages = slices_.messages;
        // The newest are kept; older ones go by the block, so that this costs next to nothing.
        if (messages.size() == 2 * max_conversation_messages) {
            messages.erase(messages.begin(),
                           messages.begin() + std::ptrdiff_t{max_conversation_messages});
            slices_.truncated = true;
        }
        messages.push_back(piece);
    }
}

}  // namespace ccproxy::tap
