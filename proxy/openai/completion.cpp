#include "proxy/openai/completion.hpp"

namespace ccproxy::openai {

std::string_view finish_reason(std::string_view stop_reason) {
    if (stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded") {
        return "length";
    }
    if (stop_reason == "tool_use") return "tool_calls";
    if (stop_reason == "refusal") return "content_filter";
    return "stop";
}

void write_usage(const Usage& usage, JsonWriter& out) {
    const auto number = [&](const char* name, std::int64_t value) {
        out.Key(name);
        out.Int64(value);
    };
    out.Key("usage");
    out.StartObject();
    number("prompt_tokens", usage.prompt_tokens());
    number("completion_tokens", usage.output_tokens);
    number("total_tokens", usage.prompt_tokens() + usage.output_tokens);
    out.Key("prompt_tokens_details");
    out.StartObject();
    number("cached_tokens", usage.cache_read_tokens);
    out.EndObject();
    out.EndObject();
}

}  // namespace ccproxy::openai
