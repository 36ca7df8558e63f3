// Which parameters of a chat completion request are understood.
#pragma once

#include "proxy/json/invalid.hpp"
#include "proxy/json/tree.hpp"

namespace ccproxy::openai {

/// Finds the first parameter that is not known, or that asks for what the Messages API cannot give.
/// Parameters that only tune an answer, and have no counterpart there, are let pass.
Problem check_parameters(const JsonValue& request);

}  // namespace ccproxy::openai
