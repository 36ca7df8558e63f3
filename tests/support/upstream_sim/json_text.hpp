// Helpers to write JSON text by hand: quoting, and making foreign bytes valid UTF-8.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace upstream_sim {

/// Appends `text` to `out` as a JSON string with its quotes (RFC 8259, section 7). `text` must be
/// valid UTF-8; bytes from outside go through to_utf8() first.
void append_quoted(std::string& out, std::string_view text);

/// `text` as a JSON string with its quotes.
std::string quoted(std::string_view text);

/// The parts one after the other.
std::string joined(std::initializer_list<std::string_view> parts);

/// Returns `bytes` unchanged when they are valid UTF-8, else reads them as Latin-1, so that no
/// header of a broken client can make the ledger unreadable.
std::string to_utf8(std::string_view bytes);

/// Undoes the escapes of a piece cut out of a JSON string (`\n`, `\u4e2d`, …). Returns the piece
/// as it is when it is not the inside of a JSON string.
std::string unescape_json(std::string_view piece);

}  // namespace upstream_sim
