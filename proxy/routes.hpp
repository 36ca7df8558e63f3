// What the proxy does with each path: the whole table.
#pragma once

#include <string_view>

namespace ccproxy {

enum class Route {
    messages,          ///< Relayed and recorded.
    chat_completions,  ///< In OpenAI's format: translated, relayed and recorded.
    pass_through,      ///< Relayed, counted, not recorded.
    hello,             ///< Answered 200 here, without a key: clients probe with it.
    telemetry,         ///< A client's own telemetry: taken and forgotten.
    healthz,
    readyz,
    metrics,
    wrong_method,  ///< The path is known, the method is not: 405.
    unknown        ///< 404.
};

/// Path as http1::parse_target gives it.
inline Route find_route(std::string_view method, std::string_view path) {
    const bool reads = method == "GET" || method == "HEAD";
    if (path == "/v1/messages" && method == "POST") return Route::messages;
    if (path == "/v1/chat/completions" && method == "POST") return Route::chat_completions;
    if (path.starts_with("/v1/")) {
        return method == "CONNECT" || method == "TRACE" ? Route::wrong_method : Route::pass_through;
    }
    if (path == "/" || path == "/api/hello") return reads ? Route::hello : Route::wrong_method;
    if (path == "/api/event_logging/batch") {
        return method == "POST" ? Route::telemetry : Route::wrong_method;
    }
    if (path == "/healthz") return reads ? Route::healthz : Route::wrong_method;
    if (path == "/readyz") return reads ? Route::readyz : Route::wrong_method;
    if (path == "/metrics") return reads ? Route::metrics : Route::wrong_method;
    return Route::unknown;
}

/// Whether a request on this route leaves a row.
inline bool is_recorded(Route route) {
    return route == Route::messages || route == Route::chat_completions;
}

/// Whether a request on this route goes to an upstream.
inline bool is_relayed(Route route) {
    return is_recorded(route) || route == Route::pass_through;
}

/// For metrics: a short and stable name.
inline std::string_view route_name(Route route) {
    switch (route) {
        case Route::messages:
            return "messages";
        case Route::chat_completions:
            return "chat_completions";
        case Route::pass_through:
            return "pass_through";
        case Route::hello:
            return "hello";
        case Route::telemetry:
            return "telemetry";
        case Route::healthz:
            return "healthz";
        case Route::readyz:
            return "readyz";
        case Route::metrics:
            return "metrics";
        case Route::wrong_method:
            return "wrong_method";
        case Route::unknown:
            return "unknown";
    }
    return "unknown";
}

}  // namespace ccproxy
