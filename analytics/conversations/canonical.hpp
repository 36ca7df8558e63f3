// One form for each message, however a client writes it, so that a message that is sent again with
// every turn is known again. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.hpp"
#include "proto/conversation.hpp"

namespace ccproxy::analytics {

/// Objects and arrays may stand so deep in each other: all that a proxy sends.
inline constexpr std::size_t max_message_depth = max_conversation_depth;

struct CanonicalMessage {
    std::string text;  ///< JSON.
    std::string role;  ///< Empty without one.
};

/// The canonical form of a message of the Messages API: no white space, no escapes but those that
/// JSON demands, numbers as they were written. `content` is always a list of blocks: a text becomes
/// one block. In a message and in its blocks (also those of tool results) members without a value
/// and `cache_control`, which clients move from turn to turn, are gone, and so are empty text
/// blocks; `role` or `type` comes first and the rest by name. What lies deeper, such as the input
/// of a tool, keeps its members in their order. Fails on what is not a JSON object in UTF-8, or too
/// deep.
Result<CanonicalMessage> canonical_message(std::string_view json);

/// The blocks of a system prompt, which is a text or a list of blocks, each as in a message; none
/// of what is neither.
Result<std::vector<std::string>> canonical_system(std::string_view json);

}  // namespace ccproxy::analytics
