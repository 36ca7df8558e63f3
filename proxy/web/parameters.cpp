#include "proxy/web/parameters.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace ccproxy::web {
namespace {

constexpr std::array<std::string_view, 5> taken{"messages", "model", "stop_sequences", "stream",
                                                "system"};

constexpr std::array<std::string_view, 10> ignored{
    "cache_control", "context_management", "inference_geo", "max_tokens", "metadata",
    "service_tier",  "temperature",        "thinking",      "top_k",      "top_p"};

/// Values that ask for nothing.
bool is_empty(const JsonValue& value) {
    return value.IsArray() && value.Empty();
}
bool is_choice_of_none(const JsonValue& value) {
    return find_text(value, "type") == "none";
}
bool has_no_format(const JsonValue& value) {
    return value.IsObject() && find(value, "format") == nullptr;
}
bool never(const JsonValue&) {
    return false;
}

struct Refused {
    std::string_view name;
    bool (*asks_for_nothing)(const JsonValue&);
};

constexpr std::array<Refused, 6> refused{{{"tools", is_empty},
                                          {"tool_choice", is_choice_of_none},
                                          {"mcp_servers", is_empty},
                                          {"container", never},
                                          {"output_config", has_no_format},
                                          {"output_format", never}}};

template <class Names>
bool contains(const Names& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Problem check_parameters(const JsonValue& request) {
    for (const auto& [key, value] : request.GetObject()) {
        const std::string_view name = text_of(key);
        if (value.IsNull() || contains(taken, name) || contains(ignored, name)) continue;
        const auto* row = std::find_if(refused.begin(), refused.end(),
                                       [&](const Refused& one) { return one.name == name; });
        if (row == refused.end()) {
            return invalid(std::string(name.substr(0, 64)), "is not a parameter known here");
        }
        if (!row->asks_for_nothing(value)) {
            return invalid(std::string(name), "is not supported by web accounts");
        }
    }
    return std::nullopt;
}

}  // namespace ccproxy::web
