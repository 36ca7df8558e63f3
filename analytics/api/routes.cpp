#include "analytics/api/routes.hpp"

#include "analytics/api/auth.hpp"
#include "analytics/api/handlers.hpp"
#include "common/http/credentials.hpp"

namespace ccproxy::analytics {
namespace {

/// Who may make a call.
enum class Access {
    anyone,
    client,  ///< Who has a client key, also a revoked or expired one.
    admin
};

struct Endpoint {
    Access access;
    Action action;
};

const http::Router<Endpoint>& router() {
    static const http::Router<Endpoint> table({
        {"GET", "/api/logs/requests", {Access::admin, list_request_logs}},
        {"GET", "/api/logs/requests/export", {Access::admin, export_request_logs}},
        {"GET", "/api/logs/requests/:id", {Access::admin, show_request_log}},
        {"DELETE", "/api/logs/requests/old", {Access::admin, delete_old_logs}},
        {"GET", "/api/stats/tokens/:id", {Access::admin, show_token_stats}},
        {"GET", "/api/stats/tokens/:id/trend", {Access::admin, show_token_trend}},
        {"GET", "/api/stats/accounts/:id", {Access::admin, show_account_stats}},
        {"GET", "/api/stats/accounts/:id/trend", {Access::admin, show_account_trend}},
        {"GET", "/api/stats/overview", {Access::admin, show_overview}},
        {"GET", "/api/stats/realtime", {Access::admin, show_realtime}},
        {"GET", "/api/stats/top/tokens", {Access::admin, list_top_tokens}},
        {"GET", "/api/stats/top/models", {Access::admin, list_top_models}},
        {"GET", "/api/stats/breakdown", {Access::admin, show_breakdown}},
        {"GET", "/api/conversations", {Access::admin, list_conversations}},
        {"DELETE", "/api/conversations", {Access::admin, delete_conversations_of_token}},
        {"GET", "/api/conversations/export", {Access::admin, export_conversations}},
        {"GET", "/api/conversations/search", {Access::admin, search_conversations}},
        {"GET", "/api/conversations/:id", {Access::admin, show_conversation}},
        {"DELETE", "/api/conversations/:id", {Access::admin, delete_conversation}},
        {"POST", "/api/token/generate", {Access::admin, generate_token}},
        {"GET", "/api/token/list", {Access::admin, list_tokens}},
        {"POST", "/api/token/revoke", {Access::admin, revoke_token}},
        {"GET", "/api/token/info", {Access::client, show_own_token}},
        {"PUT", "/api/token/:id/settings", {Access::admin, change_token_settings}},
        {"GET", "/api/jobs", {Access::admin, list_jobs}},
        {"POST", "/api/jobs/aggregate", {Access::admin, run_aggregate}},
        {"POST", "/api/jobs/compress", {Access::admin, run_compress}},
        {"POST", "/api/jobs/retain", {Access::admin, run_retain}},
        {"GET", "/api/system/quarantine", {Access::admin, list_quarantine}},
        {"GET", "/api/system/quarantine/:id", {Access::admin, show_quarantined}},
        {"DELETE", "/api/system/quarantine/:id", {Access::admin, delete_quarantined}},
        {"POST", "/api/system/quarantine/:id/retry", {Access::admin, retry_quarantined}},
        {"GET", "/api/system/status", {Access::admin, show_system_status}},
        {"GET", "/api/system/accounts", {Access::admin, show_accounts}},
        {"GET", "/openapi.yaml", {Access::anyone, show_openapi}},
        {"GET", "/metrics", {Access::anyone, show_metrics}},
        {"GET", "/healthz", {Access::anyone, show_health}},
        {"GET", "/readyz", {Access::anyone, show_readiness}},
    });
    return table;
}

http::Response answer_match(const http::Request& request, const http::RouteMatch& match,
                            Worker& worker, const std::string& admin_key) {
    if (match.outcome == http::RouteMatch::Outcome::not_found) {
        return http::error_response(404, "there is no such call");
    }
    if (match.outcome == http::RouteMatch::Outcome::method_not_allowed) {
        http::Response response = http::error_response(405, "this call takes " + match.allow);
        response.headers.push_back({"allow", match.allow});
        return response;
    }
    const Endpoint& endpoint = router().handler(match);
    Call call{request, match, worker, std::nullopt};
    if (endpoint.access == Access::anyone) return endpoint.action(call);
    http::KeyGuard& guard = worker.listener.guard;
    if (auto refusal = guard.refusal(request)) return *refusal;
    if (endpoint.access == Access::client) call.client = find_client(request, *worker.reader);
    const bool may =
        endpoint.access == Access::admin ? http::is_admin(request, admin_key) : bool(call.client);
    if (may) return endpoint.action(call);
    guard.failed(request);
    return http::unauthorized();
}

/// The same promise, which counts when it is kept. Methods and routes are those of the table.
http::Response counted_later(http::Response response, std::string_view method,
                             std::string_view route, CallCounters& counters) {
    const auto later = std::move(response.later);
    response.later = [=, &counters](const http::Respond& respond) {
        later([=, &counters](http::Response answer) {
            counters.count(method, route, answer.status);
            respond(std::move(answer));
        });
    };
    return response;
}

}  // namespace

std::vector<std::string> known_calls() {
    std::vector<std::string> calls;
    for (const auto& route : router().routes()) {
        calls.push_back(std::string(route.method).append(" ").append(route.pattern));
    }
    return calls;
}

http::Response answer_call(const http::Request& request, Worker& worker,
                           const std::string& admin_key) {
    const http::RouteMatch match = router().match(request);
    const bool found = match.outcome == http::RouteMatch::Outcome::found;
    // Not what the client wrote: it could make up any number of series.
    const std::string_view method = found ? router().method(match) : "other";
    const std::string_view route = found ? router().pattern(match) : "other";
    try {
        http::Response response = answer_match(request, match, worker, admin_key);
        if (response.later)
            return counted_later(std::move(response), method, route, worker.counters);
        worker.counters.count(method, route, response.status);
        return response;
    } catch (...) {
        worker.counters.count(method, route, 500);
        throw;
    }
}

}  // namespace ccproxy::analytics
