#include "proxy/tap/prompt_finder.hpp"

#include <utility>

#include "proto/conversation.hpp"

namespace ccproxy::tap {

PromptSlices PromptFinder::found() {
    slices_.replacements = std::move(sources_.found());
    const std::size_t count = slices_.messages.size();
    if (count > max_conversation_messages) {
        const auto surplus = static_cast<std::ptrdiff_t>(count - max_conversation_messages);
        slices_.messages.erase(slices_.messages.begin(), slices_.messages.begin() + surplus);
        slices_.truncated = true;
    }
    return std::move(slices_);
}

void PromptFinder::take(const JsonReader& reader, JsonToken token) {
    const bool starts = token == JsonToken::start_object || token == JsonToken::start_array;
    if (piece_depth_ != 0 && reader.has_name()) {
        take_name(reader.name());
        find_marker(reader, token);
    }
    switch (token) {
        case JsonToken::string:
            take_string(reader);
            break;
        case JsonToken::start_object:
        case JsonToken::start_array:
            start(reader, token == JsonToken::start_object);
            break;
        case JsonToken::end_object:
        case JsonToken::end_array:
            end(reader, token == JsonToken::end_object);
            break;
        default:
            if (piece_depth_ != 0) sources_.other_scalar();
    }
    last_end_ = reader.end_at();
    last_was_start_ = starts;
}

/// What goes begins behind the member before it: the comma goes, too.
void PromptFinder::find_marker(const JsonReader& reader, JsonToken token) {
    const bool starts = token == JsonToken::start_object || token == JsonToken::start_array;
    const std::size_t depth = reader.depth() - (starts ? 1 : 0);
    if (depth != block_depth_ || last_was_start_ || !reader.name().is("cache_control")) return;
    marker_begin_ = last_end_;
    if (starts) {
        marker_depth_ = reader.depth();
    } else {
        close_marker(reader.end_at());
    }
}

void PromptFinder::close_marker(std::size_t end_at) {
    marker_depth_ = 0;
    std::vector<Replacement>& found = sources_.found();
    while (!found.empty() && found.back().begin > marker_begin_) found.pop_back();
    found.push_back({marker_begin_, end_at, ""});
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
        block_depth_ = is_system ? depth + 1 : 0;
    }
    if (piece_depth_ == 0) return;
    if (in_messages_ && depth == piece_depth_ + 1 && !is_object && reader.name().is("content")) {
        block_depth_ = depth + 1;
    }
    is_object ? sources_.start_object(reader.begin_at()) : sources_.start_array();
    if (sources_.depth() > max_conversation_depth) piece_too_deep_ = true;
}

void PromptFinder::end(const JsonReader& reader, bool is_object) {
    if (piece_depth_ != 0) {
        is_object ? sources_.end_object(reader.end_at()) : sources_.end_array();
    }
    if (marker_depth_ == reader.depth() + 1) close_marker(reader.end_at());
    if (block_depth_ == reader.depth() + 2) block_depth_ = 0;
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
