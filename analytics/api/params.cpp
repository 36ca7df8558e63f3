#include "analytics/api/params.hpp"

#include <algorithm>
#include <charconv>

#include "common/time_text.hpp"
#include "common/utf8.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::size_t max_shown_name_bytes = 64;

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

}  // namespace

std::optional<std::string> Params::take(const std::string& name) {
    asked_.insert(name);
    std::optional<std::string> value;
    for (const http::Field& field : query_) {
        if (field.name != name) continue;
        if (value) {
            fail(name, "is given more than once");
            return std::nullopt;
        }
        value = field.value;
    }
    if (value && value->empty()) {
        fail(name, "must not be empty");
        return std::nullopt;
    }
    return value;
}

std::optional<std::string> Params::text(const std::string& name, std::size_t max_bytes) {
    std::optional<std::string> value = take(name);
    if (value && value->size() > max_bytes) {
        fail(name, "must not be longer than " + std::to_string(max_bytes) + " bytes");
        return std::nullopt;
    }
    return value;
}

std::optional<bool> Params::boolean(const std::string& name) {
    const std::optional<std::string> value = choice(name, {"true", "false"});
    if (!value) return std::nullopt;
    return *value == "true";
}

std::optional<std::int64_t> Params::integer(const std::string& name, std::int64_t min,
                                            std::int64_t max) {
    const std::optional<std::string> text = take(name);
    if (!text) return std::nullopt;
    std::int64_t value = 0;
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, value);
    if (error != std::errc() || stop != end || value < min || value > max) {
        fail(name,
             "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
        return std::nullopt;
    }
    return value;
}

std::optional<std::string> Params::choice(const std::string& name,
                                          const std::vector<std::string>& allowed) {
    std::optional<std::string> value = take(name);
    if (value && std::find(allowed.begin(), allowed.end(), *value) == allowed.end()) {
        fail(name, "must be " + join(allowed));
        return std::nullopt;
    }
    return value;
}

std::optional<std::int64_t> Params::from_date(const std::string& name) {
    return date(name, 0);
}

std::optional<std::int64_t> Params::to_date(const std::string& name) {
    return date(name, day_ms);
}

std::optional<std::int64_t> Params::date(const std::string& name, std::int64_t add_to_day_ms) {
    const std::optional<std::string> text = take(name);
    if (!text) return std::nullopt;
    if (const std::optional<std::int64_t> day = parse_day(*text)) return *day + add_to_day_ms;
    const std::optional<std::int64_t> moment = parse_time(*text);
    if (!moment) fail(name, "must be a date (YYYY-MM-DD) or an RFC 3339 time");
    return moment;
}

void Params::fail(std::string_view name, std::string_view what) {
    if (error_) return;
    error_ = Error{clean_utf8(name, max_shown_name_bytes).append(": ").append(what)};
}

std::optional<Error> Params::error() {
    for (const http::Field& field : query_) {
        if (!asked_.contains(field.name)) fail(field.name, "is not a parameter of this call");
    }
    return error_;
}

}  // namespace ccproxy::analytics
