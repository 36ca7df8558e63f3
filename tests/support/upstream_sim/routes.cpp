// The routing table.
#include "tests/support/upstream_sim/routes.hpp"

#include <algorithm>

namespace upstream_sim {
namespace {

struct Entry {
    /// `*` stands for one segment, at the end for all that follows; never for nothing.
    std::string_view path;
    std::string_view allow;
    Route route;
};

constexpr Entry kTable[] = {
    {"/v1/messages", "POST", Route::kMessages},
    {"/v1/messages/count_tokens", "POST", Route::kCountTokens},
    {"/v1/models", "GET, HEAD", Route::kModels},
    {"/v1/models/*", "GET, HEAD", Route::kModel},
    {"/api/organizations", "GET, HEAD", Route::kOrganizations},
    {"/api/organizations/*/chat_conversations", "POST", Route::kConversations},
    {"/api/organizations/*/chat_conversations/*/completion", "POST", Route::kCompletion},
    {"/api/organizations/*/chat_conversations/*", "DELETE", Route::kConversation},
    {"/", "GET, HEAD", Route::kRoot},
    {"/healthz", "GET, HEAD", Route::kHealth},
    {"/sim/ledger", "GET, HEAD, DELETE", Route::kLedger},
    {"/sim/stats", "GET, HEAD", Route::kStats},
    {"/sim/web", "GET, HEAD", Route::kWeb},
    {"/sim/web/*", "PUT", Route::kWebSteering},
};

bool fits(std::string_view pattern, std::string_view path) {
    for (;;) {
        const auto star = pattern.find('*');
        if (star == std::string_view::npos) return path == pattern;
        if (!path.starts_with(pattern.substr(0, star)) || path.size() == star) return false;
        path.remove_prefix(star);
        pattern.remove_prefix(star + 1);
        if (pattern.empty()) return true;
        const auto segment = std::min(path.find('/'), path.size());
        if (segment == 0) return false;
        path.remove_prefix(segment);
    }
}

bool lists(std::string_view allow, std::string_view method) {
    while (!allow.empty()) {
        const auto end = allow.find(", ");
        if (allow.substr(0, end) == method) return true;
        if (end == std::string_view::npos) return false;
        allow.remove_prefix(end + 2);
    }
    return false;
}

}  // namespace

Match match_route(std::string_view method, std::string_view path) {
    for (const Entry& entry : kTable) {
        if (!fits(entry.path, path)) continue;
        return {lists(entry.allow, method) ? entry.route : Route::kWrongMethod, entry.allow};
    }
    return {};
}

}  // namespace upstream_sim
