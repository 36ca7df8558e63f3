// Writes the members of a JSON object that every request has one of: by hand, since that is where
// the time of an event's encoding goes.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "common/byte_scan.hpp"
#include "common/json.hpp"
#include "common/utf8.hpp"
#include "proto/event.hpp"

namespace ccproxy {

/// Appends one object to a text, by way of a buffer, so that a member costs a few moves: nearly all
/// values are short and need no escapes. Names are plain ASCII without quotes or backslashes. The
/// text is complete after end(), and up to the value after json().
class MemberWriter {
  public:
    explicit MemberWriter(std::string& out) : out_(out) {}

    /// Made valid UTF-8 and cut to `max_bytes`; left out when empty.
    template <std::size_t size>
    void text(const char (&name)[size], std::string_view value,
              std::size_t max_bytes = max_event_name_bytes) {
        if (value.empty()) return;
        key(name);
        const bool is_plain = bytes_before_json_stop_or_non_ascii(value) == value.size();
        if (value.size() > max_bytes || !is_plain) {
            flush();
            append_cleaned(clean_utf8(value, max_bytes));
            return;
        }
        put('"');
        put(value);
        put('"');
    }
    template <std::size_t size, class Integer>
    void integer(const char (&name)[size], Integer value) {
        key(name);
        const auto [stop, error] = std::to_chars(end_, buffer_.data() + buffer_.size(), value);
        (void)error;  // key() leaves room for any.
        end_ = stop;
    }
    template <std::size_t size>
    void boolean(const char (&name)[size], bool value) {
        key(name);
        put(value ? std::string_view("true") : std::string_view("false"));
    }
    /// `value` is JSON, or the beginning of it when the caller appends the rest to the text.
    template <std::size_t size>
    void json(const char (&name)[size], std::string_view value) {
        key(name);
        flush();
        out_.append(value);
    }
    void end() {
        put('}');
        flush();
    }

  private:
    /// A longer text does not go through the buffer.
    static constexpr std::size_t max_buffered_bytes = max_event_name_bytes;
    /// Of what follows a name in the buffer: a short text in quotes, a number, `true`, a bracket.
    static constexpr std::size_t reserve_bytes = max_buffered_bytes + 8;

    /// Then there is room for what follows.
    template <std::size_t size>
    void key(const char (&name)[size]) {
        constexpr std::size_t bytes = size - 1 + sizeof R"(,"":)";
        if (static_cast<std::size_t>(buffer_.data() + buffer_.size() - end_) <
            bytes + reserve_bytes) {
            flush();
        }
        put(is_first_ ? '{' : ',');
        is_first_ = false;
        put('"');
        std::memcpy(end_, name, size - 1);
        end_ += size - 1;
        put('"');
        put(':');
    }
    void put(char c) { *end_++ = c; }
    void put(std::string_view text) {
        if (text.size() > max_buffered_bytes) {
            flush();
            out_.append(text);
            return;
        }
        std::memcpy(end_, text.data(), text.size());
        end_ += text.size();
    }
    void append_cleaned(const std::string& text) {
        rapidjson::StringBuffer json;
        rapidjson::Writer<rapidjson::StringBuffer>(json).String(text);
        out_.append(json.GetString(), json.GetSize());
    }
    void flush() {
        out_.append(buffer_.data(), end_);
        end_ = buffer_.data();
    }

    std::string& out_;
    bool is_first_ = true;
    std::array<char, 2048> buffer_;  ///< Most events go through it as a whole.
    char* end_ = buffer_.data();     ///< Of what is in the buffer.
};

}  // namespace ccproxy
