#include "common/http/credentials.hpp"

#include "common/hash.hpp"

namespace ccproxy::http {

std::optional<std::string_view> bearer_credential(const Request& request) {
    static constexpr std::string_view scheme = "Bearer ";
    const auto value = find_header(request.headers, "authorization");
    if (!value || value->size() < scheme.size()) return std::nullopt;
    if (!equal_names(value->substr(0, scheme.size()), scheme)) return std::nullopt;
    std::string_view credential = value->substr(scheme.size());
    while (credential.starts_with(' ')) credential.remove_prefix(1);
    return credential;
}

bool is_admin(const Request& request, std::string_view admin_key) {
    if (admin_key.empty()) return false;
    const auto is_key = [admin_key](const std::optional<std::string_view>& credential) {
        return credential && equal_secrets(*credential, admin_key);
    };
    const bool by_header = is_key(find_header(request.headers, "x-admin-key"));
    const bool by_bearer = is_key(bearer_credential(request));
    return by_header || by_bearer;
}

Response unauthorized() {
    Response response = error_response(401, "a valid key is required");
    response.headers.push_back({"www-authenticate", "Bearer realm=\"ccproxy\""});
    return response;
}

}  // namespace ccproxy::http
