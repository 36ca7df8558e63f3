#include "proxy/tap/request_facts.hpp"

#include <optional>

#include "common/uuid.hpp"
#include "proxy/tap/json_reader.hpp"

namespace ccproxy::tap {
namespace {

constexpr std::size_t max_session_bytes = 256;
constexpr std::size_t uuid_bytes = 36;  ///< Of its text.

/// Watches the members of one JSON object and of its member `metadata`.
class FactsFinder {
  public:
    RequestFacts facts;
    JsonText user_id;            ///< Where it stands in the text.
    std::string own_session_id;  ///< A member `session_id` of the top object.

    void take(const JsonReader& reader, JsonToken token) {
        const JsonText& name = reader.name();
        const JsonText& value = reader.value();
        if (reader.depth() == 1) {
            if (token == JsonToken::string && name.is("model")) facts.model = value.text();
            if (token == JsonToken::string && name.is("session_id")) own_session_id = value.text();
            if (token == JsonToken::boolean && name.is("stream")) {
                facts.stream = value.raw == "true";
            }
            in_metadata_ = false;
        } else if (reader.depth() == 2) {
            if (token == JsonToken::start_object) in_metadata_ = name.is("metadata");
            if (token == JsonToken::string && in_metadata_ && name.is("user_id")) user_id = value;
        }
    }

  private:
    bool in_metadata_ = false;
};

/// Tells `facts`, and `prompt` unless it is nullptr, of every token of an object.
std::optional<Error> read(std::string_view json, FactsFinder& facts, PromptFinder* prompt) {
    JsonReader reader(json);
    JsonToken token = reader.next();
    if (token != JsonToken::start_object && token != JsonToken::fault) {
        return Error{"the body is not a JSON object"};
    }
    for (; token != JsonToken::end; token = reader.next()) {
        if (token == JsonToken::fault) {
            return Error{std::string("the body is not valid JSON: ") + reader.fault() + " (byte " +
                         std::to_string(reader.end_at()) + ")"};
        }
        facts.take(reader, token);
        if (prompt != nullptr) prompt->take(reader, token);
    }
    return std::nullopt;
}

}  // namespace

std::string session_of_user_id(std::string_view user_id) {
    if (user_id.starts_with('{')) {
        FactsFinder found;
        if (read(user_id, found, nullptr)) return "";
        return found.own_session_id.size() <= max_session_bytes ? found.own_session_id : "";
    }
    static constexpr std::string_view marker = "_session_";
    if (!user_id.starts_with("user_") || user_id.size() < marker.size() + uuid_bytes) return "";
    const std::string_view session = user_id.substr(user_id.size() - uuid_bytes);
    user_id.remove_suffix(uuid_bytes);
    return user_id.ends_with(marker) && is_uuid(session) ? std::string(session) : "";
}

Result<RequestFacts> read_request_facts(std::string_view body, PromptSlices* slices) {
    FactsFinder found;
    PromptFinder prompt;
    if (std::optional<Error> error = read(body, found, slices == nullptr ? nullptr : &prompt)) {
        return *std::move(error);
    }
    if (slices != nullptr) *slices = prompt.found();
    const JsonText& user_id = found.user_id;
    found.facts.session_id =
        user_id.is_escaped ? session_of_user_id(user_id.text()) : session_of_user_id(user_id.raw);
    return std::move(found.facts);
}

}  // namespace ccproxy::tap
