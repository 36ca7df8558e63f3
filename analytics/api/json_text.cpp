#include "analytics/api/json_text.hpp"

#include "common/utf8.hpp"

namespace ccproxy::analytics {

void JsonText::text(std::string_view name, std::string_view value) {
    key(name);
    element(value);
}

void JsonText::text_or_null(std::string_view name, std::string_view value) {
    key(name);
    value.empty() ? static_cast<void>(writer_.Null()) : element(value);
}

void JsonText::integer_or_null(std::string_view name, std::optional<std::int64_t> value) {
    key(name);
    value ? writer_.Int64(*value) : writer_.Null();
}

void JsonText::time(std::string_view name, std::int64_t unix_ms) {
    key(name);
    time_.clear();
    times_.append(time_, unix_ms);
    writer_.String(time_.data(), static_cast<rapidjson::SizeType>(time_.size()));
}

void JsonText::time_or_null(std::string_view name, std::optional<std::int64_t> unix_ms) {
    unix_ms ? time(name, *unix_ms) : text_or_null(name, "");
}

void JsonText::element(std::string_view value) {
    if (is_utf8(value)) {
        writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    } else {
        writer_.String(clean_utf8(value, 3 * value.size()));
    }
}

}  // namespace ccproxy::analytics
