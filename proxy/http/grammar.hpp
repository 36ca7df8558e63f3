// What the heads of HTTP/1 messages are made of: lines, and in them characters of certain classes.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "common/byte_scan.hpp"
#include "common/result.hpp"

namespace ccproxy::http1 {

/// What a byte may stand for (RFC 9110, section 5.6.2; RFC 9112, sections 2 to 5).
enum class ByteClass : unsigned char {
    token = 1,  ///< In a method or a field's name.
    target = 2  ///< In a request's target: visible ASCII.
};

inline constexpr std::array<unsigned char, 256> byte_classes = [] {
    std::array<unsigned char, 256> table{};
    for (int c = 0; c < 256; ++c) {
        unsigned char& entry = table[static_cast<std::size_t>(c)];
        const bool letter_or_digit =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool sign = c != 0 && c < 128 &&
                          std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                              std::string_view::npos;
        if (letter_or_digit || sign) entry |= static_cast<unsigned char>(ByteClass::token);
        if (c > 0x20 && c < 0x7f) entry |= static_cast<unsigned char>(ByteClass::target);
    }
    return table;
}();

/// How many bytes at the start of `bytes` are of that class.
inline std::size_t span(std::string_view bytes, ByteClass wanted) {
    std::size_t size = 0;
    while (size < bytes.size() && (byte_classes[static_cast<unsigned char>(bytes[size])] &
                                   static_cast<unsigned char>(wanted)) != 0) {
        ++size;
    }
    return size;
}

inline constexpr std::string_view line_end = "\r\n";

/// Size of the line at the front, without its end; npos when a control character comes before CR
/// LF, or no line ends here.
inline std::size_t line_bytes(std::string_view head) {
    const std::size_t size = bytes_before_control(head);
    return head.substr(size).starts_with(line_end) ? size : std::string_view::npos;
}

/// Why there is no line.
inline Error no_line(std::string_view head) {
    const std::size_t size = bytes_before_control(head);
    if (size == head.size()) return Error{"the head is malformed"};
    const bool is_line_end = head[size] == '\r' || head[size] == '\n';
    return Error{is_line_end ? "a line does not end in CR LF"
                             : "the head holds a control character"};
}

}  // namespace ccproxy::http1
