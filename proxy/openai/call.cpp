#include "proxy/openai/call.hpp"

namespace ccproxy::openai {
namespace {

constexpr std::string_view models_path = "/v1/models";
constexpr std::string_view version = "anthropic-version";

bool is_openai_caller(const http1::Fields& fields) {
    static constexpr std::string_view scheme = "bearer ";
    return fields.count(version) == 0 &&
           http1::equals_ignoring_case(fields.get("authorization").substr(0, scheme.size()),
                                       scheme);
}

}  // namespace

std::optional<Call> find_call(std::string_view method, std::string_view path,
                              const http1::Fields& fields) {
    if (method == "POST" && path == "/v1/chat/completions") return Call{};
    if (method != "GET" || !path.starts_with(models_path) || !is_openai_caller(fields)) {
        return std::nullopt;
    }
    path.remove_prefix(models_path.size());
    if (path.empty()) return Call{Call::Kind::model_list, false};
    if (path.starts_with('/') && path.size() > 1) return Call{Call::Kind::model, false};
    return std::nullopt;
}

http1::Target upstream_target(const Call& call, const http1::Target& asked,
                              const ModelMap& models) {
    // OpenAI's list is not paged; this is the largest page of the Messages API.
    if (call.kind == Call::Kind::model_list) return {asked.path, "?limit=1000"};
    if (call.kind == Call::Kind::completion) return {"/v1/messages", ""};
    const std::string_view name = std::string_view(asked.path).substr(models_path.size() + 1);
    std::string path(models_path);
    path.append("/").append(mapped_model(models, name));
    return {std::move(path), ""};
}

http1::Fields upstream_fields(const http1::Fields& sent) {
    http1::Fields fields;
    for (const auto& [name, value] : sent) {
        const bool left_out = name == "accept-encoding" || name == "content-encoding" ||
                              name == "content-type" || name == "if-none-match" ||
                              name == "if-modified-since" || name.starts_with("openai-");
        if (!left_out) fields.add(name, value);
    }
    fields.add("content-type", "application/json");
    if (fields.count(version) == 0) fields.add(version, "2023-06-01");
    return fields;
}

}  // namespace ccproxy::openai
