// The content of chat messages as content blocks.
#pragma once

#include <functional>
#include <string>

#include "proxy/json/invalid.hpp"
#include "proxy/json/tree.hpp"

namespace ccproxy::openai {

/// What a message's content may hold beside text.
enum class Parts { text, text_and_refusals, text_and_images };

/// Writes the blocks of `content`, a string or an array of parts, and calls `begin_block` before
/// each. Empty texts are left out: the Messages API refuses them. `path` names the content in
/// problems.
Problem write_blocks(const JsonValue& content, const std::string& path, Parts allowed,
                     JsonWriter& out, const std::function<void()>& begin_block);

/// Writes `{"type":"text","text":…}`.
void write_text_block(JsonWriter& out, std::string_view text);

}  // namespace ccproxy::openai
