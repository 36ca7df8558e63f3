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
    string,
    number,
    boolean,
    null,
    end,   ///< The text was one value, and nothing follows.
    fault  ///< It is not JSON (RFC 8259); fault() says why.
};

/// A name or a scalar value as it stands in the text.
struct JsonText {
    std::string_view raw;     ///< Of a name or string: what stands between the quotes.
    bool is_escaped = false;  ///< raw is not text().

    /// Whether text() is this one: plain ASCII without quotes or backslashes.
    [[nodiscard]] bool is(std::string_view plain) const {
        return is_escaped ? text() == plain : raw == plain;
    }
    /// With its escapes resolved.
    [[nodiscard]] std::string text() const;
};

/// For bodies that pass by: a request of Claude Code has 100 KB and more, nearly all of it in
/// strings that nobody here looks at, so these are passed over 16 bytes at a time. What it takes,
/// RapidJSON takes too: half surrogates and numbers beyond a double's range are faults. Encodings
/// are not checked. Nesting costs a byte a level and no stack. The text must outlive the reader.
class JsonReader {
  public:
    explicit JsonReader(std::string_view text) : text_(text), string_stops_(text) {}

    /// The members of an object come as their values, each with its name. After `end` and `fault`
    /// always the same again.
    JsonToken next();

    /// Where the last token stands in the text, without its name; `end_at` is behind its last byte.
    [[nodiscard]] std::size_t begin_at() const { return begin_; }
    [[nodiscard]] std::size_t end_at() const { return at_; }
    /// Objects and lists that are open, with the one that has just begun, without the one that has
    /// just ended.
    [[nodiscard]] std::size_t depth() const { return open_.size(); }

    /// The last token is a member's value, or the start of it.
    [[nodiscard]] bool has_name() const { return name_.raw.data() != nullptr; }
    /// That member's; empty when there is none.
    [[nodiscard]] const JsonText& name() const { return name_; }
    /// Of a string, number, boolean or null.
    [[nodiscard]] const JsonText& value() const { return value_; }

    [[nodiscard]] const char* fault() const { return fault_; }

  private:
    enum class Expected { value, first_or_close, comma_or_close, nothing };

    JsonToken read_value(char first);
    bool read_name();
    bool read_quoted(JsonText& text);
    std::size_t pass_to_quote(std::size_t at);
    JsonToken read_number();
    JsonToken read_literal(std::string_view literal, JsonToken token);
    JsonToken open(char bracket, JsonToken token);
    JsonToken close(char bracket);
    bool pass_digits();
    JsonToken fail(const char* fault);
    bool fail_at(std::size_t at, const char* fault);
    bool pass_to_next();
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    /// Not at the end.
    [[nodiscard]] char here() const { return text_.data()[at_]; }

    std::string_view text_;
    ByteFinder<JsonStop> string_stops_;
    std::size_t at_ = 0;
    std::size_t begin_ = 0;
    JsonText name_;
    JsonText value_;
    std::string open_;        ///< The brackets that are open.
    bool in_object_ = false;  ///< The last of them is an object's.
    Expected expected_ = Expected::value;
    Expected after_value_ = Expected::nothing;  ///< Of one in what is open.
    const char* fault_ = nullptr;
};

}  // namespace ccproxy::tap
