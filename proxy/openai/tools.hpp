// The tools of a chat completion request and the choice among them.
#pragma once

#include "proxy/json/invalid.hpp"
#include "proxy/json/tree.hpp"

namespace ccproxy::openai {

/// Writes the members `tools` and `tool_choice` from `tools`, `tool_choice` and
/// `parallel_tool_calls`; nothing when the request has no tools.
Problem write_tools(const JsonValue& request, JsonWriter& out);

}  // namespace ccproxy::openai
