// The attempts of an event as JSON: in the event itself, in the database, and in the API.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/json.hpp"
#include "common/result.hpp"
#include "proto/event.hpp"

namespace ccproxy {

/// `[{"account_id":…,"status":…,"error":…,"duration_ms":…},…]`; status and error are null where
/// there was none. Lists no more than max_listed_attempts.
std::string attempts_to_json(const std::vector<Attempt>& attempts);

/// Fails on what does not have that form.
Result<std::vector<Attempt>> read_attempts(const rapidjson::Value& list);
/// The same from text, where an empty one is an empty list.
Result<std::vector<Attempt>> attempts_from_json(std::string_view text);

}  // namespace ccproxy
