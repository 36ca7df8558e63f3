// What a chat backend can do of what a Messages request may ask for.
#pragma once

#include "proxy/json/invalid.hpp"
#include "proxy/json/tree.hpp"

namespace ccproxy::web {

/// Refuses what would change the answer and that a chat backend has no way for, such as tools.
/// Limits and sampling are not refused: the backend has its own. `request` is an object.
Problem check_parameters(const JsonValue& request);

}  // namespace ccproxy::web
