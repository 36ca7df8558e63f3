// The routing table.
#include "tests/support/upstream_sim/routes.hpp"

namespace upstream_sim {
namespace {

struct Entry {
    std::string_view path;  ///< with a trailing `*`: anything but nothing in its place
    std::string_view allow;
    Route route;
};

constexpr Entry kTable[] = {
    {"/v1/messages", "POST", Route::kMessages},
    {"/v1/messages/count_tokens", "POST", Route::kCountTokens},
    {"/v1/models", "GET, HEAD", Route::kModels},
    {"/v1/models/*", "GET, HEAD", Route::kModel},
    {"/", "GET, HEAD", Route::kRoot},
    {"/healthz", "GET, HEAD", Route::kHealth},
    {"/sim/ledger", "GET, HEAD, DELETE", Route::kLedger},
    {"/sim/stats", "GET, HEAD", Route::kStats},
};

bool fits(std::string_view pattern, std::string_view path) {
    if (pattern.back() != '*') return path == pattern;
    pattern.remove_suffix(1);
    return path.size() > pattern.size() && path.starts_with(pattern);
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
