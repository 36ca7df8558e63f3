// The description of this API, for people and for the tools that make clients of it.
#include "analytics/api/openapi.hpp"

#include "analytics/api/handlers.hpp"

namespace ccproxy::analytics {

http::Response show_openapi(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    http::Response response;
    response.headers.push_back({"content-type", "application/yaml"});  // RFC 9512.
    response.body = openapi_document();
    return response;
}

}  // namespace ccproxy::analytics
