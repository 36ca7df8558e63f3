#include "analytics/api/auth.hpp"

#include "common/client_key.hpp"
#include "common/hash.hpp"
#include "common/http/credentials.hpp"

namespace ccproxy::analytics {

std::optional<TokenInfo> find_client(const http::Request& request, StoreReader& reader) {
    for (const auto& credential :
         {http::bearer_credential(request), http::find_header(request.headers, "x-api-key")}) {
        // A key whose checksum is wrong was never issued: the database need not be asked.
        if (!credential || !is_client_key(*credential)) continue;
        if (auto token = reader.token_by_key(sha256(*credential))) return token;
    }
    return std::nullopt;
}

}  // namespace ccproxy::analytics
