// Finds the next byte of a kind in a text, 16 bytes at a time where the processor can. For the
// paths that every byte of a request or an answer takes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ccproxy {

// Each tells how many bytes stand before the first such place; all of them where there is none.

/// What ends a run of plain text in a JSON string: a quote, a backslash, a control character.
std::size_t bytes_before_json_stop(std::string_view text);

/// The same, or a byte that is not ASCII.
std::size_t bytes_before_json_stop_or_non_ascii(std::string_view text);

/// A control character, which the tab is not here (RFC 9110, section 5.5).
std::size_t bytes_before_control(std::string_view text);

/// What is no small letter, digit or hyphen: those are what most names of header fields consist of.
std::size_t bytes_before_name_end(std::string_view text);

/// An empty line: CR LF CR LF.
std::size_t bytes_before_empty_line(std::string_view text);

// Kinds of bytes that ByteFinder knows.
struct LineEnd;   ///< CR or LF.
struct JsonStop;  ///< As of bytes_before_json_stop().

/// Finds the bytes of a kind one after another. Looks at each byte of the text once, 64 at a time,
/// however close to each other those are that it finds. The text must outlive it.
template <class Kind>
class ByteFinder {
  public:
    explicit ByteFinder(std::string_view text) : text_(text) {}

    /// Where the first such byte at or behind `from` stands; the size of the text when there is
    /// none. `from` is not less than it was before.
    std::size_t find(std::size_t from) {
        if (from < block_end_) {
            const std::uint64_t left = found_ >> (block_bytes - (block_end_ - from));
            if (left != 0) return from + static_cast<std::size_t>(std::countr_zero(left));
            from = block_end_;
        }
        return find_in_next_blocks(from);
    }

  private:
    static constexpr std::size_t block_bytes = 64;

    std::size_t find_in_next_blocks(std::size_t from);

    std::string_view text_;
    std::size_t block_end_ = 0;  ///< Of the block that was looked at last.
    std::uint64_t found_ = 0;    ///< A bit for each byte of that block, the first is the lowest.
};

}  // namespace ccproxy
