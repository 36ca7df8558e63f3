// Lists of models in OpenAI's shape.
#pragma once

#include <string>
#include <string_view>

#include "common/result.hpp"
#include "proxy/openai/request.hpp"

namespace ccproxy::openai {

/// A list of the Messages API, and behind it the names of `models` whose model it holds, since
/// clients may ask for those, too. Fails when `json` is no such list. Pure.
Result<std::string> translate_model_list(std::string_view json, const ModelMap& models);

/// One model. Fails when `json` is none.
Result<std::string> translate_model(std::string_view json);

}  // namespace ccproxy::openai
