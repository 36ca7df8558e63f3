#include "analytics/api/auth.hpp"

#include "common/client_key.hpp"
#include "common/hash.hpp"

namespace ccproxy::analytics {
namespace {

/// The credential of `Authorization: Bearer …` (RFC 6750, section 2.1).
std::optional<std::string_view> bearer(const http::Request& request) {
    static constexpr std::string_view scheme = "Bearer ";
    const auto value = http::find_header(request.headers, "authorization");
    if (!value || value->size() < scheme.size()) return std::nullopt;
    if (!http::equal_names(value->substr(0, scheme.size()), scheme)) return std::nullopt;
    std::string_view credential = value->substr(scheme.size());
    while (credential.starts_with(' ')) credential.remove_prefix(1);
    return credential;
}

}  // namespace

bool is_admin(const http::Request& request, std::string_view admin_key) {
    if (admin_key.empty()) return false;
    const auto is_key = [admin_key](const std::optional<std::string_view>& credential) {
        return credential && equal_secrets(*credential, admin_key);
    };
    const bool by_header = is_key(http::find_header(request.headers, "x-admin-key"));
    const bool by_bearer = is_key(bearer(request));
    return by_header || by_bearer;
}

std::optional<TokenInfo> find_client(const http::Request& request, StoreReader& reader) {
    for (const auto& credential :
         {bearer(request), http::find_header(request.headers, "x-api-key")}) {
        // A key whose checksum is wrong was never issued: the database need not be asked.
        if (!credential || !is_client_key(*credential)) continue;
        if (auto token = reader.token_by_key(sha256(*credential))) return token;
    }
    return std::nullopt;
}

http::Response unauthorized() {
    http::Response response = http::error_response(401, "a valid key is required");
    response.headers.push_back({"www-authenticate", "Bearer realm=\"ccproxy\""});
    return response;
}

}  // namespace ccproxy::analytics
