#include "proxy/tap/prompt_finder.hpp"

#include <utility>

#include "proto/conversation.hpp"

namespace ccproxy::tap {

PromptSlices PromptFinder::take() {
    slices_.references = std::move(sources_.found());
    const std::size_t count = slices_.messages.size();
    if (count > max_conversation_messages) {
        const auto surplus = static_cast<std::ptrdiff_t>(count - max_conversation_messages);
        slices_.messages.erase(slices_.messages.begin(), slices_.messages.begin() + surplus);
        slices_.truncated = true;
    }
    return std::move(slices_);
}

void PromptFinder::key(std::string_view name) {
    if (piece_depth_ != 0) return sources_.key(name);
    if (depth_ != 1) return;
    member_ = Member::other;
    if (name == "system") member_ = Member::system;
    if (name == "messages") member_ = Member::messages;
    key_end_ = stream_.Tell();
}

void PromptFinder::string(std::string_view value) {
    if (piece_depth_ != 0) return sources_.string(value);
    if (depth_ == 1 && member_ == Member::system) {
        slices_.system = {text_.find('"', key_end_), stream_.Tell()};
    }
}

void PromptFinder::other_scalar() {
    if (piece_depth_ != 0) sources_.other_scalar();
}

void PromptFinder::start_object() {
    ++depth_;
    if (piece_depth_ == 0 && in_messages_ && depth_ == 3) open_piece();
    if (piece_depth_ == 0) return;
    sources_.start_object(stream_.Tell());
    if (sources_.depth() > max_conversation_depth) piece_too_deep_ = true;
}

void PromptFinder::end_object() {
    if (piece_depth_ != 0) sources_.end_object(stream_.Tell() + 1);
    if (piece_depth_ == depth_) close_piece();
    --depth_;
}

void PromptFinder::start_array() {
    ++depth_;
    if (depth_ == 2 && member_ == Member::messages) {
        in_messages_ = true;
        slices_.messages.clear();
    }
    if (depth_ == 2 && member_ == Member::system) open_piece();
    if (piece_depth_ == 0) return;
    sources_.start_array();
    if (sources_.depth() > max_conversation_depth) piece_too_deep_ = true;
}

void PromptFinder::end_array() {
    if (piece_depth_ != 0) sources_.end_array();
    if (piece_depth_ == depth_) close_piece();
    if (--depth_ == 1) in_messages_ = false;
}

void PromptFinder::open_piece() {
    piece_depth_ = depth_;
    piece_begin_ = stream_.Tell();
    piece_too_deep_ = false;
}

void PromptFinder::close_piece() {
    piece_depth_ = 0;
    const Slice piece{piece_begin_, stream_.Tell() + 1};
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
