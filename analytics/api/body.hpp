// Reads the JSON object that a call brings.
#pragma once

#include <string_view>
#include <vector>

#include "common/json.hpp"
#include "common/result.hpp"

namespace ccproxy::analytics {

/// An object that has no fields but `allowed`, and none twice; fails naming the field that is
/// wrong. What the fields hold is the caller's to check.
Result<rapidjson::Document> parse_body(std::string_view body,
                                       const std::vector<std::string_view>& allowed);

}  // namespace ccproxy::analytics
