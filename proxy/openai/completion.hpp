// What plain and streamed chat completions have in common.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/event.hpp"
#include "proxy/json/tree.hpp"

namespace ccproxy::openai {

/// The `finish_reason` for a `stop_reason` of the Messages API.
std::string_view finish_reason(std::string_view stop_reason);

/// Writes the member `usage`. `prompt_tokens` counts all input, as everywhere in this program.
void write_usage(const Usage& usage, JsonWriter& out);

}  // namespace ccproxy::openai
