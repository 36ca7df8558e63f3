// The conversation of an event as bytes: written from texts that are JSON already, read back as
// such.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/result.hpp"
#include "proto/conversation.hpp"

namespace ccproxy {

/// Appends the value of an event's member `conversation`. The texts go out as they are: each must
/// be valid JSON in valid UTF-8.
void append_conversation(const Conversation& conversation, std::string& out);
/// Appends what stands before `conversation.prompt` in that value, its opening brace included.
void append_before_prompt(const ConversationText& conversation, std::string& out);
/// Appends what follows `conversation.prompt` in that value, its closing brace included.
void append_after_prompt(const ConversationText& conversation, std::string& out);

/// An event's JSON text taken apart.
struct EventParts {
    std::string fields;  ///< The event without its conversation, as JSON.
    std::optional<Conversation> conversation;
};

/// Takes the conversation out of an event. Its texts are written anew, so that they hold no white
/// space between values, no ill-formed character and no NUL; numbers stay as they were written.
/// Needs no tree and no recursion, whatever the nesting. Fails when the text is not JSON, and when
/// the conversation has a wrong type or breaks a limit.
Result<EventParts> split_event(std::string_view bytes);

}  // namespace ccproxy
