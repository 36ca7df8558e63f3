#include "proxy/web/error.hpp"

#include <array>
#include <utility>

#include "common/utf8.hpp"

namespace ccproxy::web {
namespace {

constexpr std::size_t max_message_bytes = 1024;
constexpr std::string_view unknown_type = "api_error";

/// As the documentation of the Messages API pairs them ("Errors").
constexpr std::array<std::pair<std::string_view, int>, 9> statuses{{
    {"invalid_request_error", 400},
    {"authentication_error", 401},
    {"billing_error", 402},
    {"permission_error", 403},
    {"not_found_error", 404},
    {"request_too_large", 413},
    {"rate_limit_error", 429},
    {"timeout_error", 504},
    {"overloaded_error", 529},
}};

bool is_known(std::string_view type) {
    for (const auto& [known, status] : statuses) {
        if (known == type) return true;
    }
    return false;
}

std::string without(std::string text, std::string_view secret) {
    if (secret.empty()) return text;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
        text.replace(at, secret.size(), "…");
    }
    return text;
}

/// The message of a limit, which is the text of an object.
void read_limit(std::string_view text, BackendError& error) {
    const Result<rapidjson::Document> parsed = parse_bounded(text);
    if (!parsed || !parsed->IsObject()) return;
    const std::string_view kind = find_text(*parsed, "type");
    error.message = "the account's limit is reached";
    if (!kind.empty()) error.message.append(" (").append(kind).append(")");
    const JsonValue* resets = find(*parsed, "resetsAt");
    if (resets != nullptr && resets->IsInt64()) error.resets_at_s = resets->GetInt64();
}

}  // namespace

BackendError read_error(const JsonValue& body, std::string_view session_key) {
    BackendError error;
    error.type = unknown_type;
    const JsonValue* said = find(body, "error");
    if (said == nullptr || !said->IsObject()) return error;
    if (const std::string_view type = find_text(*said, "type"); is_known(type)) error.type = type;
    error.message = find_text(*said, "message");
    if (error.message.starts_with('{')) read_limit(std::string(error.message), error);
    error.message = clean_utf8(without(std::move(error.message), session_key), max_message_bytes);
    return error;
}

BackendError read_error_body(int status, std::string_view body, std::string_view session_key) {
    BackendError error;
    if (const Result<rapidjson::Document> parsed = parse_bounded(body); parsed) {
        error = read_error(*parsed, session_key);
    }
    if (error.message.empty()) {
        error.message = "the web backend answered " + std::to_string(status) +
                        " with something that is no error of its API";
    }
    return error;
}

int status_of(std::string_view type) {
    for (const auto& [known, status] : statuses) {
        if (known == type) return status;
    }
    return 500;
}

}  // namespace ccproxy::web
