// proto/openapi.yaml, as it was when this program was built.
#pragma once

#include <string_view>

namespace ccproxy::analytics {

/// YAML in UTF-8; lives as long as the program.
std::string_view openapi_document();

}  // namespace ccproxy::analytics
