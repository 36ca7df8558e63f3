// Small tools for JSON texts of which parts are kept as they are.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccproxy::tap {

/// A value inside an object or a list.
struct JsonChild {
    std::string name;       ///< Its key, unescaped; empty in a list.
    std::string_view json;  ///< As it stands in the text.
    std::string text;       ///< Of a string, unescaped.
    [[nodiscard]] bool is_object() const { return json.front() == '{'; }
    [[nodiscard]] bool is_list() const { return json.front() == '['; }
    [[nodiscard]] bool is_string() const { return json.front() == '"'; }
};

/// The values directly inside the object or list that `json` is; nullopt when it is neither, or not
/// JSON. The result looks into `json`.
std::optional<std::vector<JsonChild>> read_children(std::string_view json);

/// A JSON text made fit for a conversation: sources of images and documents replaced by references
/// (see SourceFinder), ill-formed UTF-8 by U+FFFD. nullopt when it is not JSON or objects and lists
/// stand in each other deeper than `max_depth`.
std::optional<std::string> to_kept_json(std::string_view json, std::size_t max_depth);

/// `text` with ill-formed UTF-8 replaced by U+FFFD. For a JSON text, in which no NUL stands.
std::string to_valid_utf8(std::string text);

/// Appends `text` as a JSON string, with ill-formed UTF-8 replaced by U+FFFD.
void append_quoted(std::string_view text, std::string& out);
/// The most that append_quoted appends of valid UTF-8, in bytes, without the quotation marks.
std::size_t quoted_bytes(std::string_view text);

}  // namespace ccproxy::tap
