// JSON trees of bounded size and depth, and what translators need to read and write them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/json.hpp"
#include "common/result.hpp"

namespace ccproxy {

using JsonValue = rapidjson::Value;
using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

/// A tree takes 16 bytes a value beside its texts, and is written by recursion.
inline constexpr std::size_t max_json_values = 1'000'000;
inline constexpr std::size_t max_json_depth = 128;

/// Parses one JSON text. Fails on what is not JSON or not UTF-8, and beyond the limits above.
Result<rapidjson::Document> parse_bounded(std::string_view text);

/// Whether `text` is one JSON object within the same limits; builds no tree.
bool is_json_object(std::string_view text);

/// The member of that name; nullptr when it is absent or null, or `object` is none.
const JsonValue* find(const JsonValue& object, const char* name);

/// The text of a member; empty when it is absent or no string. A view into `object`.
std::string_view find_text(const JsonValue& object, const char* name);

inline std::string_view text_of(const JsonValue& string) {
    return {string.GetString(), string.GetStringLength()};
}

inline void write_text(JsonWriter& out, std::string_view text) {
    out.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

inline void write_member(JsonWriter& out, const char* name, std::string_view text) {
    out.Key(name);
    write_text(out, text);
}

inline std::string take_text(const rapidjson::StringBuffer& buffer) {
    return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace ccproxy
