// The routing table.
#pragma once

#include <string_view>

namespace upstream_sim {

enum class Route {
    kMessages,
    kCountTokens,
    kModels,
    kModel,
    kOrganizations,
    kConversations,
    kConversation,
    kCompletion,
    kRoot,
    kHealth,
    kLedger,
    kStats,
    kWeb,
    kWebSteering,
    kNotFound,
    kWrongMethod,
};

struct Match {
    Route route = Route::kNotFound;
    std::string_view allow;  ///< the methods of a known path, for a 405
};

/// Finds the route of a method and a path without query. HEAD is taken where GET is.
Match match_route(std::string_view method, std::string_view path);

}  // namespace upstream_sim
