#include "proxy/json/tree.hpp"

#include <cstdint>

namespace ccproxy {
namespace {

/// Passes a reader's events on to `Inner` while they stay within the limits.
template <class Inner>
class Bounded {
  public:
    explicit Bounded(Inner& inner) : inner_(inner) {}

    bool Null() { return count() && inner_.Null(); }
    bool Bool(bool value) { return count() && inner_.Bool(value); }
    bool Int(int value) { return count() && inner_.Int(value); }
    bool Uint(unsigned value) { return count() && inner_.Uint(value); }
    bool Int64(std::int64_t value) { return count() && inner_.Int64(value); }
    bool Uint64(std::uint64_t value) { return count() && inner_.Uint64(value); }
    bool Double(double value) { return count() && inner_.Double(value); }
    bool RawNumber(const char* text, rapidjson::SizeType size, bool copy) {
        return count() && inner_.RawNumber(text, size, copy);
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

  private:
    bool count() { return ++values_ <= max_json_values; }
    bool enter() { return ++depth_ <= max_json_depth && count(); }
    bool leave() {
        --depth_;
        return true;
    }

    Inner& inner_;
    std::size_t values_ = 0;
    std::size_t depth_ = 0;
};

template <class Inner>
rapidjson::ParseResult parse_into(std::string_view text, Inner& inner) {
    constexpr unsigned flags = rapidjson::kParseIterativeFlag |
                               rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseFullPrecisionFlag;
    Bounded<Inner> bounded(inner);
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    return reader.Parse<flags>(stream, bounded);
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
