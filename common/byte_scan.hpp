// Finds the next byte of a kind in a text, 16 bytes at a time where the processor can. For the
// paths that every byte of a request or an answer takes.
#pragma once

#include <cstddef>
#include <string_view>

namespace ccproxy {

// Each tells how many bytes stand before the first such byte; all of them where there is none.

/// CR or LF.
std::size_t bytes_before_line_end(std::string_view text);

/// What ends a run of plain text in a JSON string: a quote, a backslash, a control character.
std::size_t bytes_before_json_stop(std::string_view text);

/// A control character, which the tab is not here (RFC 9110, section 5.5).
std::size_t bytes_before_control(std::string_view text);

}  // namespace ccproxy
