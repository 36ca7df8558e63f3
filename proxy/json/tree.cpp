#include "proxy/json/tree.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace ccproxy {
namespace {

/// Passes a reader's events on to `Inner` while they stay within the limits. Numbers come as texts:
/// RapidJSON's own exact conversion is undefined for some that are zero, such as 0e55.
template <class Inner>
class Bounded : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Bounded<Inner>> {
  public:
    explicit Bounded(Inner& inner) : inner_(inner) {}

    bool Null() { return count() && inner_.Null(); }
    bool Bool(bool value) { return count() && inner_.Bool(value); }
    bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
        return count() && number({text, size});
    }
    bool String(const char* text, rapidjson::SizeType size, bool copy) {
        return count() && inner_.String(text, size, copy);
    }
    bool Key(const char* text, rapidjson::SizeType size, bool copy) {
        return count() && inner_.Key(text, size, copy);
    }
    bool StartObject() { return enter() && inner_.StartObject(); }
    bool EndObject(rapidjson::SizeType members) { return leave() && inner_.EndObject(members); }
    bool StartArray() { return enter() && inner_.StartArray(); }
    bool EndArray(rapidjson::SizeType elements) { return leave() && inner_.EndArray(elements); }

    /// A number beyond the range of a double has come, and ended the reading.
    [[nodiscard]] bool met_infinite() const { return met_infinite_; }

  private:
    bool number(const std::string& text) {
        std::int64_t integer = 0;
        std::uint64_t natural = 0;
        if (is_whole(text, integer)) return inner_.Int64(integer);
        if (is_whole(text, natural)) return inner_.Uint64(natural);
        const double real = std::strtod(text.c_str(), nullptr);
        met_infinite_ = !std::isfinite(real);
        return !met_infinite_ && inner_.Double(real);
    }
    template <class Integer>
    static bool is_whole(const std::string& text, Integer& value) {
        const char* end = text.data() + text.size();
        const auto read = std::from_chars(text.data(), end, value);
        return read.ec == std::errc() && read.ptr == end;
    }
    bool count() { return ++values_ <= max_json_values; }
    bool enter() { return ++depth_ <= max_json_depth && count(); }
    bool leave() {
        --depth_;
        return true;
    }

    Inner& inner_;
    std::size_t values_ = 0;
    std::size_t depth_ = 0;
    bool met_infinite_ = false;
};

template <class Inner>
rapidjson::ParseResult parse_into(std::string_view text, Inner& inner) {
    constexpr unsigned flags = rapidjson::kParseIterativeFlag |
                               rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseNumbersAsStringsFlag;
    Bounded<Inner> bounded(inner);
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    const rapidjson::ParseResult result = reader.Parse<flags>(stream, bounded);
    if (!bounded.met_infinite()) return result;
    return {rapidjson::kParseErrorNumberTooBig, result.Offset()};
}

/// Accepts an object and nothing else at the top.
struct ObjectOnly : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, ObjectOnly> {
    std::size_t depth = 0;

    bool Default() const { return depth > 0; }
    bool StartObject() {
        ++depth;
        return true;
    }
    bool EndObject(rapidjson::SizeType) {
        --depth;
        return true;
    }
    bool StartArray() { return depth++ > 0; }
    bool EndArray(rapidjson::SizeType) {
        --depth;
        return true;
    }
};

}  // namespace

Result<rapidjson::Document> parse_bounded(std::string_view text) {
    rapidjson::Document document;
    rapidjson::ParseResult result;
    const auto generate = [&](rapidjson::Document& handler) {
        result = parse_into(text, handler);
        return !result.IsError();
    };
    document.Populate(generate);
    if (!result.IsError()) return document;
    if (result.Code() == rapidjson::kParseErrorTermination) {
        return Error{"the JSON holds more than " + std::to_string(max_json_values) +
                     " values, or is nested more than " + std::to_string(max_json_depth) + " deep"};
    }
    return Error{std::string("not valid JSON: ") + rapidjson::GetParseError_En(result.Code()) +
                 " (byte " + std::to_string(result.Offset()) + ")"};
}

bool is_json_object(std::string_view text) {
    ObjectOnly handler;
    return !parse_into(text, handler).IsError();
}

const JsonValue* find(const JsonValue& object, const char* name) {
    if (!object.IsObject()) return nullptr;
    const auto member = object.FindMember(name);
    if (member == object.MemberEnd() || member->value.IsNull()) return nullptr;
    return &member->value;
}

std::string_view find_text(const JsonValue& object, const char* name) {
    const JsonValue* value = find(object, name);
    return value != nullptr && value->IsString() ? text_of(*value) : std::string_view();
}

}  // namespace ccproxy
