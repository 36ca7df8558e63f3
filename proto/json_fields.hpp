// Reads the fields of one JSON object and remembers the first that does not fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "common/json.hpp"
#include "common/result.hpp"

namespace ccproxy {

/// Borrows `object`, which must outlive it. A field that is absent or null gives its empty value
/// unless it is required.
class JsonFields {
  public:
    explicit JsonFields(const rapidjson::Value& object) : object_(object) {
        if (!object.IsObject()) fail("the message", "must be a JSON object");
    }

    std::string text(const char* name, std::size_t max_bytes) {
        const rapidjson::Value* value = find(name);
        if (value == nullptr) return "";
        if (!value->IsString()) return fail(name, "must be a string"), "";
        if (value->GetStringLength() > max_bytes) return fail(name, "is too long"), "";
        const std::string_view text(value->GetString(), value->GetStringLength());
        if (text.find('\0') != std::string_view::npos) {
            return fail(name, "holds a NUL character"), "";
        }
        return std::string(text);
    }

    std::string required_text(const char* name, std::size_t max_bytes) {
        std::string value = text(name, max_bytes);
        if (value.empty()) fail(name, "is required");
        return value;
    }

    std::optional<std::int64_t> integer(
        const char* name, std::int64_t min = 0,
        std::int64_t max = std::numeric_limits<std::int64_t>::max()) {
        const rapidjson::Value* value = find(name);
        if (value == nullptr) return std::nullopt;
        if (!value->IsInt64()) return fail(name, "must be a whole number"), std::nullopt;
        if (value->GetInt64() < min || value->GetInt64() > max) {
            return fail(name, "is out of range"), std::nullopt;
        }
        return value->GetInt64();
    }

    std::int64_t required_integer(const char* name, std::int64_t min = 0,
                                  std::int64_t max = std::numeric_limits<std::int64_t>::max()) {
        const std::optional<std::int64_t> value = integer(name, min, max);
        if (!value) fail(name, "is required");
        return value.value_or(0);
    }

    bool boolean(const char* name) {
        const rapidjson::Value* value = find(name);
        if (value == nullptr) return false;
        if (!value->IsBool()) return fail(name, "must be true or false"), false;
        return value->GetBool();
    }

    /// The value itself; nullptr when it is absent or null. Cheapest where fields are asked for in
    /// the order in which they stand there.
    const rapidjson::Value* find(std::string_view name) {
        if (!object_.IsObject()) return nullptr;
        const rapidjson::SizeType count = object_.MemberCount();
        for (rapidjson::SizeType step = 0; step < count; ++step) {
            const auto& member = object_.MemberBegin()[(next_ + step) % count];
            if (std::string_view(member.name.GetString(), member.name.GetStringLength()) != name) {
                continue;
            }
            next_ = (next_ + step + 1) % count;
            return member.value.IsNull() ? nullptr : &member.value;
        }
        return nullptr;
    }

    void fail(const char* name, const char* what) {
        if (!error_) error_ = Error{std::string(name) + ": " + what};
    }

    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

  private:
    const rapidjson::Value& object_;
    rapidjson::SizeType next_ = 0;  ///< Behind the member that was found last.
    std::optional<Error> error_;
};

/// Parses JSON text, refusing ill-formed UTF-8 and nesting that would exhaust the stack.
Result<rapidjson::Document> parse_json(std::string_view bytes);

/// The same for text that is parsed thousands of times a second: what is as small as an event
/// without its conversation takes no memory but this object's, and what is larger takes more.
class ParsedJson {
  public:
    explicit ParsedJson(std::string_view bytes);
    ParsedJson(const ParsedJson&) = delete;
    ParsedJson& operator=(const ParsedJson&) = delete;

    /// Why the text is no JSON.
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }
    /// Lives as long as this object; null after an error.
    [[nodiscard]] const rapidjson::Value& value() const { return document_; }

  private:
    using Pool = rapidjson::MemoryPoolAllocator<>;
    static constexpr std::size_t stack_bytes = 1024;

    alignas(std::max_align_t) char value_memory_[4096];
    alignas(std::max_align_t) char stack_memory_[2 * stack_bytes];
    Pool values_{value_memory_, sizeof value_memory_};
    Pool stack_{stack_memory_, sizeof stack_memory_};
    rapidjson::GenericDocument<rapidjson::UTF8<>, Pool, Pool> document_{&values_, stack_bytes,
                                                                        &stack_};
    std::optional<Error> error_;
};

}  // namespace ccproxy
