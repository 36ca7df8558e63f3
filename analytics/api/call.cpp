#include "analytics/api/call.hpp"

#include "analytics/api/json_text.hpp"
#include "analytics/api/params.hpp"

namespace ccproxy::analytics {

http::Response message_response(std::string_view message) {
    JsonText json;
    json.open_object();
    json.text("message", message);
    json.close_object();
    return http::json_response(200, json.str());
}

std::optional<http::Response> refuse_parameters(const Call& call) {
    const auto error = Params(call.request.query).error();
    if (!error) return std::nullopt;
    return http::error_response(400, error->message);
}

}  // namespace ccproxy::analytics
