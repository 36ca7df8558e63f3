#include "analytics/api/call.hpp"

#include "analytics/api/params.hpp"

namespace ccproxy::analytics {

std::optional<http::Response> refuse_parameters(const Call& call) {
    const auto error = Params(call.request.query).error();
    if (!error) return std::nullopt;
    return http::error_response(400, error->message);
}

}  // namespace ccproxy::analytics
