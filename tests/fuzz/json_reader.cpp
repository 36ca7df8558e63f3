// Beside a parser that many use: the reader of JSON tokens takes what RapidJSON takes, and reads
// the same tokens.
#include "proxy/tap/json_reader.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "common/json.hpp"
#include "tests/fuzz/check.hpp"

namespace {

using ccproxy::fuzz::check;
using ccproxy::tap::JsonReader;
using ccproxy::tap::JsonText;
using ccproxy::tap::JsonToken;

/// Goes on behind each token with what this one is, and ends it by a byte that no text holds.
void add(std::string_view kind, std::string_view text, std::string& tokens) {
    tokens.append(kind).append(text).push_back('\xff');
}

enum class Verdict { taken, too_large_a_number, refused };

Verdict read(std::string_view json, std::string& tokens) {
    JsonReader reader(json);
    for (;;) {
        const JsonToken token = reader.next();
        check(reader.begin_at() <= reader.end_at() && reader.end_at() <= json.size(),
              "a token stands in the text");
        const bool is_there = token != JsonToken::end && token != JsonToken::fault;
        if (is_there && reader.has_name()) {
            const JsonText& name = reader.name();
            check(!name.is("model") || name.text() == "model", "a name is its text");
            add("key ", name.text(), tokens);
        }
        switch (token) {
            case JsonToken::start_object:
            case JsonToken::end_object:
            case JsonToken::start_array:
            case JsonToken::end_array:
                add(json.substr(reader.begin_at(), 1), "", tokens);
                break;
            case JsonToken::string:
                add("string ", reader.value().text(), tokens);
                break;
            case JsonToken::number:
                add("number ", reader.value().raw, tokens);
                break;
            case JsonToken::boolean:
            case JsonToken::null:
                add(reader.value().raw, "", tokens);
                break;
            case JsonToken::end:
                return Verdict::taken;
            case JsonToken::fault:
                check(reader.next() == JsonToken::fault, "a fault stays");
                return reader.fault() == std::string_view("a number is too large")
                           ? Verdict::too_large_a_number
                           : Verdict::refused;
        }
    }
}

class TokenHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, TokenHandler> {
  public:
    std::string tokens;

    bool Null() { return take("null", {}); }
    bool Bool(bool value) { return take(value ? "true" : "false", {}); }
    bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
        return take("number ", {text, size});
    }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        return take("string ", {text, size});
    }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        return take("key ", {text, size});
    }
    bool StartObject() { return take("{", {}); }
    bool EndObject(rapidjson::SizeType) { return take("}", {}); }
    bool StartArray() { return take("[", {}); }
    bool EndArray(rapidjson::SizeType) { return take("]", {}); }

  private:
    bool take(std::string_view kind, std::string_view text) {
        add(kind, text, tokens);
        return true;
    }
};

template <unsigned flags, class Handler>
bool parse_by_rapidjson(std::string_view json, Handler& handler) {
    rapidjson::MemoryStream stream(json.data(), json.size());
    rapidjson::Reader reader;
    return !reader.Parse<rapidjson::kParseIterativeFlag | flags>(stream, handler).IsError();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view json(reinterpret_cast<const char*>(data), size);
    std::string ours;
    const Verdict verdict = read(json, ours);
    rapidjson::BaseReaderHandler<> any;
    const bool by_rapidjson = parse_by_rapidjson<0>(json, any);
    // Of the numbers around the end of a double's range RapidJSON takes some more.
    if (verdict == Verdict::too_large_a_number) return 0;
    // A NUL is the end of a text to RapidJSON.
    const bool strange_end =
        verdict == Verdict::refused && json.find('\0') != std::string_view::npos;
    if (strange_end) return 0;
    check(by_rapidjson == (verdict == Verdict::taken), "RapidJSON takes the same texts");
    if (!by_rapidjson) return 0;
    // With numbers as they stand in the text.
    TokenHandler theirs;
    check(parse_by_rapidjson<rapidjson::kParseNumbersAsStringsFlag>(json, theirs),
          "RapidJSON takes it");
    check(ours == theirs.tokens, "the tokens are equal");
    return 0;
}
