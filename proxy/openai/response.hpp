// A message of the Messages API as a chat completion.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.hpp"

namespace ccproxy::openai {

/// `created_s` is the time to state, in Unix seconds. Texts of several blocks are joined; thinking
/// is left out. Without usage in the message there is none in the completion. Fails when `json` is
/// no message. Pure.
Result<std::string> translate_message(std::string_view json, std::int64_t created_s);

}  // namespace ccproxy::openai
