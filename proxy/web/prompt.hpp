// A conversation of the Messages API as the one text that a chat backend is sent.
#pragma once

#include <string>

#include "proxy/json/invalid.hpp"
#include "proxy/json/tree.hpp"

namespace ccproxy::web {

/// Appends the prompt for `system` and `messages` of a request, which is an object. A single
/// message of the user's without a system prompt stands as it is. Otherwise, as in prompts of the
/// former Text Completions API:
///
///     <system>
///
///     Human: <text>
///
///     Assistant: <text>
///
///     Human: <text>
///
///     Assistant:
///
/// Texts of one message are joined by an empty line; an answer that the client has begun ends the
/// prompt. Thinking of former answers is left out. Fails on everything else but text.
Problem write_prompt(const JsonValue& request, std::string& prompt);

}  // namespace ccproxy::web
