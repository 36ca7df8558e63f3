// What a handler of the API is given.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "analytics/api/export.hpp"
#include "analytics/api/metrics.hpp"
#include "analytics/services.hpp"
#include "common/http/message.hpp"
#include "common/http/router.hpp"
#include "common/uuid.hpp"

namespace ccproxy::analytics {

/// What belongs to one worker thread.
struct Worker {
    const Services& services;
    std::unique_ptr<StoreReader> reader;
    UuidV7Generator ids;
    CallCounters& counters;
    ExportCounters& exports;
    Listener& listener;
};

/// One call; all of it outlives the handler.
struct Call {
    const http::Request& request;
    const http::RouteMatch& match;
    Worker& worker;
    std::optional<TokenInfo> client;  ///< Whose key came with it, where the route asks for one.

    /// The segment that stands for `:name` in the route.
    [[nodiscard]] std::string path_parameter(std::string_view name) const {
        for (const http::Field& parameter : match.parameters) {
            if (parameter.name == name) return parameter.value;
        }
        return "";
    }
};

/// Answers a call whose caller may make it. Throws when the database fails.
using Action = http::Response (*)(const Call&);

/// `{"message": …}`.
http::Response message_response(std::string_view message);

/// A call without query parameters and with nothing to say about them: 400 when there are some.
std::optional<http::Response> refuse_parameters(const Call& call);

}  // namespace ccproxy::analytics
