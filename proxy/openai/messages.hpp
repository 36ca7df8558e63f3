// The messages of a chat as a system prompt and the turns of a Messages request.
#pragma once

#include "proxy/json/invalid.hpp"
#include "proxy/json/tree.hpp"

namespace ccproxy::openai {

/// Writes the members `system` (when there is one) and `messages`.
///
/// System and developer messages become the system prompt, wherever they stand: the Messages API
/// has one, before all turns. Messages of one role that follow each other become one turn; the
/// results of tools stand in a user's turn, as the Messages API has them.
Problem write_conversation(const JsonValue& messages, JsonWriter& out);

}  // namespace ccproxy::openai
