#include "proxy/admin/admin_server.hpp"

#include <stdexcept>
#include <string>

#include "common/http/credentials.hpp"
#include "common/http/router.hpp"

namespace ccproxy {
namespace {

using AccountsReport = AdminServer::AccountsReport;
using Action = http::Response (*)(const AccountsReport&);

http::Response show_accounts(const AccountsReport& accounts) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    writer.StartObject();
    writer.Key("accounts");
    writer.StartArray();
    for (const AccountReport& account : accounts()) show_account_report(writer, account);
    writer.EndArray();
    writer.EndObject();
    return http::json_response(200, {buffer.GetString(), buffer.GetSize()});
}

http::Response answer(const http::Request& request, const std::string& key, http::KeyGuard& guard,
                      const AccountsReport& accounts) {
    static const http::Router<Action> router({{"GET", "/admin/accounts", show_accounts}});
    if (!key.empty()) {
        if (auto refusal = guard.refusal(request)) return *refusal;
        if (!http::is_admin(request, key)) {
            guard.failed(request);
            return http::unauthorized();
        }
    }
    const http::RouteMatch match = router.match(request);
    if (match.outcome == http::RouteMatch::Outcome::not_found) {
        return http::error_response(404, "there is no such call");
    }
    if (match.outcome == http::RouteMatch::Outcome::method_not_allowed) {
        http::Response response = http::error_response(405, "this call takes " + match.allow);
        response.headers.push_back({"allow", match.allow});
        return response;
    }
    if (!request.query.empty()) {
        return http::error_response(400, request.query.front().name + ": is not a parameter here");
    }
    return router.handler(match)(accounts);
}

http::ServerOptions options(const AdminConfig& config, const net::AddressSet& trusted_proxies) {
    http::ServerOptions options;
    options.listen_host = config.host;
    options.port = config.port;
    options.threads = 1;
    options.max_connections = 64;
    options.trusted_proxies = trusted_proxies;
    options.extra_headers = {{"x-content-type-options", "nosniff"}, {"cache-control", "no-store"}};
    return options;
}

}  // namespace

AdminServer::AdminServer(const AdminConfig& config, std::size_t max_failed_keys_per_minute,
                         const net::AddressSet& trusted_proxies, AccountsReport accounts)
    : guard_(max_failed_keys_per_minute),
      server_(options(config, trusted_proxies),
              [this, key = config.key, accounts = std::move(accounts)] {
                  return http::Handler([this, key, accounts](const http::Request& request) {
                      return answer(request, key, guard_, accounts);
                  });
              }) {
    try {
        server_.start();
    } catch (const std::exception& error) {
        throw std::runtime_error(std::string("admin.listen: ") + error.what());
    }
}

}  // namespace ccproxy
