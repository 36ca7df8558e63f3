#include "proxy/openai/parameters.hpp"

#include <algorithm>
#include <array>

namespace ccproxy::openai {
namespace {

/// Values of a parameter that ask for nothing.
bool never(const JsonValue&) {
    return false;
}
bool is_one(const JsonValue& value) {
    return value.IsInt() && value.GetInt() == 1;
}
bool is_zero(const JsonValue& value) {
    return value.IsInt() && value.GetInt() == 0;
}
bool is_false(const JsonValue& value) {
    return value.IsFalse();
}
bool is_empty(const JsonValue& value) {
    return (value.IsObject() && value.ObjectEmpty()) || (value.IsArray() && value.Empty());
}
bool is_text_only(const JsonValue& value) {
    return value.IsArray() && value.Size() == 1 && value[0].IsString() &&
           text_of(value[0]) == "text";
}

struct Refused {
    std::string_view name;
    bool (*asks_for_nothing)(const JsonValue&);
    std::string_view why;
};

constexpr std::array<Refused, 9> refused{{
    {"n", is_one, "only 1 is supported"},
    {"logprobs", is_false, "is not supported"},
    {"top_logprobs", is_zero, "is not supported"},
    {"logit_bias", is_empty, "is not supported"},
    {"modalities", is_text_only, "only [\"text\"] is supported"},
    {"audio", never, "is not supported"},
    {"web_search_options", never, "is not supported"},
    {"functions", is_empty, "is not supported; use tools"},
    {"function_call", never, "is not supported; use tool_choice"},
}};

constexpr std::array<std::string_view, 15> translated{
    "model",       "messages", "tools",      "tool_choice",           "parallel_tool_calls",
    "stop",        "stream",   "max_tokens", "max_completion_tokens", "stream_options",
    "temperature", "top_p",    "user",       "response_format",       "safety_identifier"};

constexpr std::array<std::string_view, 11> ignored{"frequency_penalty",
                                                   "metadata",
                                                   "prediction",
                                                   "presence_penalty",
                                                   "prompt_cache_key",
                                                   "reasoning_effort",
                                                   "prompt_cache_retention",
                                                   "seed",
                                                   "service_tier",
                                                   "store",
                                                   "verbosity"};

template <class Names>
bool contains(const Names& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Problem check_parameters(const JsonValue& request) {
    for (const auto& [key, value] : request.GetObject()) {
        const std::string_view name = text_of(key);
        if (value.IsNull() || contains(translated, name) || contains(ignored, name)) continue;
        const auto* row = std::find_if(refused.begin(), refused.end(),
                                       [&](const Refused& one) { return one.name == name; });
        if (row == refused.end()) {
            return invalid(std::string(name.substr(0, 64)), "is not a parameter known here");
        }
        if (!row->asks_for_nothing(value)) return invalid(std::string(name), row->why);
    }
    return std::nullopt;
}

}  // namespace ccproxy::openai
