// Makes text from outside fit for JSON and SQLite: valid UTF-8 without NUL, of bounded length.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ccproxy {

/// Length of the well-formed sequence at the start of `text`, which must not be empty; 0 if there
/// is none.
std::size_t utf8_sequence_bytes(std::string_view text);

/// Whether `text` is well-formed UTF-8 (Unicode 15, table 3-7).
bool is_utf8(std::string_view text);

/// `text` with each ill-formed byte and each NUL replaced by U+FFFD, cut at a character so that at
/// most `max_bytes` remain.
std::string clean_utf8(std::string_view text, std::size_t max_bytes);

}  // namespace ccproxy
