// What a person reads of a message: its words without the JSON around them. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ccproxy::analytics {

/// The texts of a message or of a single block, in canonical form, joined by line ends: texts as
/// they are, a call of a tool as `[name {input}]`, the texts of its result, an image as `[image]`
/// and other blocks that hold no text by their type. Thinking is left out. UTF-8 without NUL.
/// The same bytes always give the same text: the search index relies on it.
std::string message_text(std::string_view canonical);

/// At most this many bytes of a prompt stand in a list of conversations.
inline constexpr std::size_t max_preview_bytes = 240;

/// The beginning of the text of a message, on one line. What Claude Code puts before the words of
/// its user (`<system-reminder>…`) is left out where other text follows.
std::string message_preview(std::string_view canonical);

}  // namespace ccproxy::analytics
