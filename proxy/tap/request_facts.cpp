#include "proxy/tap/request_facts.hpp"

#include <optional>

#include "common/json.hpp"
#include "common/uuid.hpp"

namespace ccproxy::tap {
namespace {

constexpr std::size_t max_session_bytes = 256;

/// Watches the members of one JSON object and of its member `metadata`. Nesting is counted, never
/// recursed.
class FactsHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, FactsHandler> {
  public:
    RequestFacts facts;
    std::string user_id;
    std::string own_session_id;  ///< A member `session_id` of the top object.

    bool Default() {
        key_ = Key_::other;
        return depth_ > 0;
    }
    bool Bool(bool value) {
        if (depth_ == 1 && key_ == Key_::stream) facts.stream = value;
        return Default();
    }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        if (depth_ == 1 && key_ == Key_::model) facts.model.assign(text, size);
        if (depth_ == 1 && key_ == Key_::session_id) own_session_id.assign(text, size);
        if (depth_ == 2 && in_metadata_ && key_ == Key_::user_id) user_id.assign(text, size);
        return Default();
    }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        const std::string_view name(text, size);
        key_ = Key_::other;
        if (depth_ == 1) {
            if (name == "model") key_ = Key_::model;
            if (name == "stream") key_ = Key_::stream;
            if (name == "metadata") key_ = Key_::metadata;
            if (name == "session_id") key_ = Key_::session_id;
        } else if (depth_ == 2 && in_metadata_ && name == "user_id") {
            key_ = Key_::user_id;
        }
        return true;
    }
    bool StartObject() {
        if (depth_ == 1) in_metadata_ = key_ == Key_::metadata;
        return enter();
    }
    bool EndObject(rapidjson::SizeType) { return leave(); }
    bool StartArray() {
        if (depth_ == 0) return false;
        return enter();
    }
    bool EndArray(rapidjson::SizeType) { return leave(); }

  private:
    enum class Key_ { other, model, stream, metadata, session_id, user_id };

    bool enter() {
        ++depth_;
        key_ = Key_::other;
        return true;
    }
    bool leave() {
        --depth_;
        if (depth_ == 1) in_metadata_ = false;
        key_ = Key_::other;
        return true;
    }

    std::size_t depth_ = 0;
    Key_ key_ = Key_::other;
    bool in_metadata_ = false;
};

/// Tells both of what the parser meets.
class CaptureHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, CaptureHandler> {
  public:
    CaptureHandler(FactsHandler& facts, PromptFinder& prompt) : facts_(facts), prompt_(prompt) {}

    bool Default() {
        prompt_.other_scalar();
        return facts_.Default();
    }
    bool Bool(bool value) {
        prompt_.other_scalar();
        return facts_.Bool(value);
    }
    bool String(const char* text, rapidjson::SizeType size, bool copy) {
        prompt_.string({text, size});
        return facts_.String(text, size, copy);
    }
    bool Key(const char* text, rapidjson::SizeType size, bool copy) {
        prompt_.key({text, size});
        return facts_.Key(text, size, copy);
    }
    bool StartObject() {
        prompt_.start_object();
        return facts_.StartObject();
    }
    bool EndObject(rapidjson::SizeType members) {
        prompt_.end_object();
        return facts_.EndObject(members);
    }
    bool StartArray() {
        prompt_.start_array();
        return facts_.StartArray();
    }
    bool EndArray(rapidjson::SizeType elements) {
        prompt_.end_array();
        return facts_.EndArray(elements);
    }

  private:
    FactsHandler& facts_;
    PromptFinder& prompt_;
};

template <class Handler>
std::optional<Error> scan(rapidjson::MemoryStream& stream, Handler& handler) {
    rapidjson::Reader reader;
    const rapidjson::ParseResult result =
        reader.Parse<rapidjson::kParseIterativeFlag>(stream, handler);
    if (!result.IsError()) return std::nullopt;
    if (result.Code() == rapidjson::kParseErrorTermination) {
        return Error{"the body is not a JSON object"};
    }
    return Error{std::string("the body is not valid JSON: ") +
                 rapidjson::GetParseError_En(result.Code()) + " (byte " +
                 std::to_string(result.Offset()) + ")"};
}

}  // namespace

std::string session_of_user_id(std::string_view user_id) {
    if (user_id.starts_with('{')) {
        FactsHandler handler;
        rapidjson::MemoryStream stream(user_id.data(), user_id.size());
        if (scan(stream, handler)) return "";
        return handler.own_session_id.size() <= max_session_bytes ? handler.own_session_id : "";
    }
    static constexpr std::string_view marker = "_session_";
    const std::size_t at = user_id.rfind(marker);
    if (!user_id.starts_with("user_") || at == std::string_view::npos) return "";
    const std::string_view session = user_id.substr(at + marker.size());
    return is_uuid(session) ? std::string(session) : "";
}

Result<RequestFacts> read_request_facts(std::string_view body, PromptSlices* slices) {
    rapidjson::MemoryStream stream(body.data(), body.size());
    FactsHandler facts;
    std::optional<Error> error;
    if (slices == nullptr) {
        error = scan(stream, facts);
    } else {
        PromptFinder prompt(stream, body);
        CaptureHandler both(facts, prompt);
        error = scan(stream, both);
        if (!error) *slices = prompt.take();
    }
    if (error) return *std::move(error);
    facts.facts.session_id = session_of_user_id(facts.user_id);
    return std::move(facts.facts);
}

}  // namespace ccproxy::tap
