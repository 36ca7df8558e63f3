#include "common/http/key_guard.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace ccproxy::http {
namespace {

bool has_key(const Request& request) {
    constexpr std::array<std::string_view, 3> names{"x-admin-key", "authorization", "x-api-key"};
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
        return !find_header(request.headers, name).value_or("").empty();
    });
}

}  // namespace

std::optional<Response> KeyGuard::refusal(const Request& request) {
    const auto left_s = failed_keys_.blocked_s(request.client, std::chrono::steady_clock::now());
    if (!left_s) return std::nullopt;
    ++blocked_requests_;
    Response response = error_response(429, "too many wrong keys have come from this address");
    response.headers.push_back({"retry-after", std::to_string(*left_s)});
    return response;
}

void KeyGuard::failed(const Request& request) {
    if (!has_key(request)) return;
    if (!failed_keys_.add(request.client, std::chrono::steady_clock::now())) return;
    ++blocked_addresses_;
    spdlog::warn("{} has tried as many wrong keys as it may in a minute", request.client.text());
}

}  // namespace ccproxy::http
