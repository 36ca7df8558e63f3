#include "proxy/tap/request_facts.hpp"

#include <optional>

#include "common/uuid.hpp"
#include "proxy/tap/json_reader.hpp"

namespace ccproxy::tap {
namespace {

constexpr std::size_t max_session_bytes = 256;

/// Watches the members of one JSON object and of its member `metadata`.
class FactsFinder {
  public:
    RequestFacts facts;
    std::string user_id;
    std::string own_session_id;  ///< A member `session_id` of the top object.

    void take(const JsonReader& reader, JsonToken token) {
        const std::size_t depth = reader.depth();
        if (depth > 2) return;
        if (token == JsonToken::key) return take_key(reader);
        if (token == JsonToken::start_object && depth == 2)
            in_metadata_ = member_ == Member::metadata;
        if (token == JsonToken::end_object && depth == 1) in_metadata_ = false;
        if (token == JsonToken::string) take_string(reader);
        if (token == JsonToken::boolean && depth == 1 && member_ == Member::stream) {
            facts.stream = reader.raw() == "true";
        }
        member_ = Member::other;
    }

  private:
    enum class Member { other, model, stream, metadata, session_id, user_id };

    void take_key(const JsonReader& reader) {
        member_ = Member::other;
        if (reader.depth() == 1) {
            if (reader.is("model")) member_ = Member::model;
            if (reader.is("stream")) member_ = Member::stream;
            if (reader.is("metadata")) member_ = Member::metadata;
            if (reader.is("session_id")) member_ = Member::session_id;
        } else if (in_metadata_ && reader.is("user_id")) {
            member_ = Member::user_id;
        }
    }

    void take_string(const JsonReader& reader) {
        if (member_ == Member::model) facts.model = reader.text();
        if (member_ == Member::session_id) own_session_id = reader.text();
        if (member_ == Member::user_id) user_id = reader.text();
    }

    Member member_ = Member::other;  ///< Whose value comes next.
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
    const std::size_t at = user_id.rfind(marker);
    if (!user_id.starts_with("user_") || at == std::string_view::npos) return "";
    const std::string_view session = user_id.substr(at + marker.size());
    return is_uuid(session) ? std::string(session) : "";
}

Result<RequestFacts> read_request_facts(std::string_view body, PromptSlices* slices) {
    FactsFinder found;
    PromptFinder prompt;
    if (std::optional<Error> error = read(body, found, slices == nullptr ? nullptr : &prompt)) {
        return *std::move(error);
    }
    if (slices != nullptr) *slices = prompt.found();
    found.facts.session_id = session_of_user_id(found.user_id);
    return std::move(found.facts);
}

}  // namespace ccproxy::tap
