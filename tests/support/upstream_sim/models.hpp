// The models endpoint.
#pragma once

#include <string>
#include <string_view>

namespace upstream_sim {

/// The answer of GET /v1/models for a query such as `limit=5&after_id=…`; `status` becomes 400
/// and the result an error message when the query is wrong.
std::string models_json(std::string_view query, int& status);

/// The answer of GET /v1/models/:id; empty for an unknown model.
std::string model_json(std::string_view id);

}  // namespace upstream_sim
