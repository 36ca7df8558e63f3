// Reads a JSON text token by token, without building or copying anything.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/byte_scan.hpp"

namespace ccproxy::tap {

enum class JsonToken {
    start_object,
    end_object,
    start_array,
    end_array,
    key,
    string,
    number,
    boolean,
    null,
    end,   ///< The text was one value, and nothing follows.
    fault  ///< It is not JSON (RFC 8259); fault() says why.
};

/// For bodies that pass by: a request of Claude Code has 100 KB and more, nearly all of it in
/// strings that nobody here looks at, so these are passed over 16 bytes at a time. What it takes,
/// RapidJSON takes too: half surrogates and numbers beyond a double's range are faults. Encodings
/// are not checked. Nesting costs a byte a level and no stack. The text must outlive the reader.
class JsonReader {
  public:
    explicit JsonReader(std::string_view text) : text_(text), string_stops_(text) {}

    /// After `end` and `fault` always the same again.
    JsonToken next();

    /// Where the last token stands in the text; `end_at` is behind its last byte.
    [[nodiscard]] std::size_t begin_at() const { return begin_; }
    [[nodiscard]] std::size_t end_at() const { return at_; }
    /// Objects and lists that are open, with the one that has just begun, without the one that has
    /// just ended.
    [[nodiscard]] std::size_t depth() const { return open_.size(); }

    /// Of a key or string: what stands between the quotes. Of other tokens: the token.
    [[nodiscard]] std::string_view raw() const { return raw_; }
    /// Of a key or string: raw() is not its text().
    [[nodiscard]] bool is_escaped() const { return escaped_; }
    /// Of a key or string: whether it is this text. Plain ASCII without quotes or backslashes.
    [[nodiscard]] bool is(std::string_view plain) const {
        return escaped_ ? text() == plain : raw_ == plain;
    }
    /// Of a key or string: with its escapes resolved.
    [[nodiscard]] std::string text() const;

    [[nodiscard]] const char* fault() const { return fault_; }

  private:
    enum class Expected { value, value_or_close, key_or_close, colon, comma_or_close, nothing };

    JsonToken read_value(char first);
    JsonToken read_key(char first);
    JsonToken read_string(JsonToken token);
    std::size_t pass_escapes(std::size_t at);
    JsonToken read_number();
    JsonToken read_literal(std::string_view literal, JsonToken token);
    JsonToken open(char bracket, JsonToken token, Expected expected);
    JsonToken close(char bracket);
    bool pass_digits();
    JsonToken fail(const char* fault);
    JsonToken fail(const char* fault, std::size_t at);
    bool pass_to_next();
    void end_value();
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }

    std::string_view text_;
    ByteFinder<JsonStop> string_stops_;
    std::size_t at_ = 0;
    std::size_t begin_ = 0;
    std::string_view raw_;
    bool escaped_ = false;
    std::string open_;  ///< The brackets that are open.
    Expected expected_ = Expected::value;
    const char* fault_ = nullptr;
};

}  // namespace ccproxy::tap
