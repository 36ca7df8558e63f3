// Writes JSON answers: valid UTF-8, times as RFC 3339, null for what is not known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/json.hpp"
#include "common/time_text.hpp"

namespace ccproxy::analytics {

/// Objects and arrays are opened and closed by the caller, in pairs.
class JsonText {
  public:
    void open_object() { writer_.StartObject(); }
    void open_object(std::string_view name) { key(name), writer_.StartObject(); }
    void close_object() { writer_.EndObject(); }
    void open_array(std::string_view name) { key(name), writer_.StartArray(); }
    void close_array() { writer_.EndArray(); }

    void text(std::string_view name, std::string_view value);
    void null(std::string_view name) { key(name), writer_.Null(); }
    /// Null when empty.
    void text_or_null(std::string_view name, std::string_view value);
    void integer(std::string_view name, std::int64_t value) { key(name), writer_.Int64(value); }
    void integer_or_null(std::string_view name, std::optional<std::int64_t> value);
    void count(std::string_view name, std::uint64_t value) { key(name), writer_.Uint64(value); }
    void number(std::string_view name, double value) { key(name), writer_.Double(value); }
    void boolean(std::string_view name, bool value) { key(name), writer_.Bool(value); }
    void time(std::string_view name, std::int64_t unix_ms);
    void time_or_null(std::string_view name, std::optional<std::int64_t> unix_ms);
    /// An element of an array.
    void element(std::string_view value);
    /// For what another unit writes: the next element or, after a key, the next value.
    rapidjson::Writer<rapidjson::StringBuffer>& writer() { return writer_; }

    /// Begins a new document, with the memory of the last one.
    void clear() { buffer_.Clear(), writer_.Reset(buffer_); }
    /// What was written; valid until more is.
    [[nodiscard]] std::string_view view() const { return {buffer_.GetString(), buffer_.GetSize()}; }
    [[nodiscard]] std::string str() const { return {buffer_.GetString(), buffer_.GetSize()}; }

  private:
    void key(std::string_view name) {
        writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    }

    TimeWriter times_;
    std::string time_;  ///< The last one written.
    rapidjson::StringBuffer buffer_;
    rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

}  // namespace ccproxy::analytics
