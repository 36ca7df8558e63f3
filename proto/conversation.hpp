// What was said in one request: the part of an event that is there only for tokens whose owner
// switched conversation logging on.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ccproxy {

/// The most messages of one conversation, and how deep objects and lists may stand in each other
/// within one text of it. A writer leaves out what exceeds them, a reader refuses it.
inline constexpr std::size_t max_conversation_messages = 100'000;
inline constexpr std::size_t max_conversation_depth = 256;

/// How a conversation goes on from that of an earlier event of the same proxy and token: a client
/// sends its whole history with every turn, and what an event before this one has said need not be
/// said again.
struct Continuation {
    std::string event_id;      ///< Of the earlier event, which may continue another one itself.
    std::size_t of_count = 0;  ///< The messages of its conversation, from the very first.
    std::size_t message_count = 0;  ///< The first of these that come first here as well.
    bool same_system = false;       ///< The system prompt is that one, too.

    bool operator==(const Continuation&) const = default;
};

/// JSON texts in UTF-8, in the shapes of the Messages API. Bytes of images and documents are not in
/// them: a `source` with base64 `data` is replaced by a reference with its SHA-256 and size.
struct Conversation {
    std::string system;                 ///< A string or a list of blocks; empty without one.
    std::vector<std::string> messages;  ///< One object each, as the client sent them.
    /// The answer as `{"role": "assistant", "content": […]}`, as far as it had arrived; empty when
    /// nothing of it had.
    std::string completion;
    bool truncated = false;  ///< Something was left out, since it was beyond a limit.
    /// What stands before the messages here; without it they are all.
    std::optional<Continuation> continues{};

    bool operator==(const Conversation&) const = default;
};

/// The same as a proxy writes it: put together already, but for what stands around it in an event.
struct ConversationText {
    /// `"system":…,"messages":[…]`: two members of a JSON object, or the second alone. Valid UTF-8.
    std::string prompt = R"("messages":[])";
    std::string completion;                   ///< As above.
    bool truncated = false;                   ///< As above.
    std::optional<Continuation> continues{};  ///< As above.

    bool operator==(const ConversationText&) const = default;
};

}  // namespace ccproxy
