#include "proto/conversation_codec.hpp"

#include "common/json.hpp"
#include "common/utf8.hpp"
#include "common/uuid.hpp"
#include "proto/event.hpp"
#include "proto/json_fields.hpp"

namespace ccproxy {
namespace {

using Buffer = rapidjson::StringBuffer;
using Writer = rapidjson::Writer<Buffer>;

/// An escape may spell what no escape should: a NUL, or half of a surrogate pair.
bool write_clean(Writer& writer, std::string_view text, bool is_key) {
    std::string clean;
    if (!is_utf8(text) || text.find('\0') != std::string_view::npos) {
        clean = clean_utf8(text, 3 * text.size());
        text = clean;
    }
    const auto size = static_cast<rapidjson::SizeType>(text.size());
    return is_key ? writer.Key(text.data(), size) : writer.String(text.data(), size);
}

Result<Continuation> read_continuation(std::string_view json) {
    const Result<rapidjson::Document> document = parse_json(json);
    if (!document) return document.error();
    JsonFields fields(*document);
    Continuation continues;
    continues.event_id = fields.required_text("id", max_event_name_bytes);
    if (!fields.error() && !is_uuid(continues.event_id)) fields.fail("id", "must be a UUID");
    const auto count = [&](const char* name, std::size_t max) {
        return static_cast<std::size_t>(
            fields.required_integer(name, 0, static_cast<std::int64_t>(max)));
    };
    continues.of_count = count("of", max_conversation_messages);
    continues.message_count = count("messages", continues.of_count);
    continues.same_system = fields.boolean("system");
    if (fields.error()) return *fields.error();
    return continues;
}

void append_continuation(const std::optional<Continuation>& continues, std::string& out) {
    if (!continues) return;
    out.append(R"("continues":{"id":")").append(continues->event_id);
    out.append(R"(","of":)").append(std::to_string(continues->of_count));
    out.append(R"(,"messages":)").append(std::to_string(continues->message_count));
    out.append(continues->same_system ? R"(,"system":true},)" : "},");
}

/// Follows an event from its first byte to its last and writes what it sees to one of two places:
/// the event's other members, or the piece of the conversation that is open. Depth is counted,
/// never recursed.
class SplitHandler {
  public:
    EventParts take() {
        parts_.fields.assign(fields_.GetString(), fields_.GetSize());
        return std::move(parts_);
    }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

    bool Null() {
        return scalar(rapidjson::kNullType, [](Writer& w) { return w.Null(); });
    }
    bool Bool(bool value) {
        if (place() == Place::conversation && member_ == Member::truncated) {
            parts_.conversation->truncated = value;
            return true;
        }
        return scalar(rapidjson::kTrueType, [&](Writer& w) { return w.Bool(value); });
    }
    bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
        return scalar(rapidjson::kNumberType,
                      [&](Writer& w) { return w.RawValue(text, size, rapidjson::kNumberType); });
    }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        return scalar(rapidjson::kStringType, [&](Writer& w) {
            // The event's own texts are judged as they are.
            if (&w == &fields_writer_) return w.String(text, size);
            return write_clean(w, {text, size}, false);
        });
    }
    bool Key(const char* text, rapidjson::SizeType size, bool);
    bool StartObject() { return start(rapidjson::kObjectType); }
    bool StartArray() { return start(rapidjson::kArrayType); }
    bool EndObject(rapidjson::SizeType) {
        return end([](Writer& w) { return w.EndObject(); });
    }
    bool EndArray(rapidjson::SizeType) {
        return end([](Writer& w) { return w.EndArray(); });
    }

    // Numbers come as text alone.
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }

  private:
    enum class Place { fields, conversation, messages, piece, skipped };
    enum class Member {
        none,
        conversation,
        continues,
        system,
        messages,
        completion,
        truncated,
        unknown
    };

    static constexpr std::size_t conversation_depth = 2;

    [[nodiscard]] Place place() const {
        if (skipped_depth_ != 0) return Place::skipped;
        if (piece_depth_ != 0) return Place::piece;
        if (in_messages_) return Place::messages;
        return in_conversation_ ? Place::conversation : Place::fields;
    }

    bool fail(const char* what) {
        error_ = Error{what};
        return false;
    }

    template <class Write>
    bool scalar(rapidjson::Type type, Write write) {
        switch (place()) {
            case Place::skipped:
                return true;
            case Place::piece:
                return write(piece_writer_);
            case Place::fields:
                if (depth_ != 1 || member_ != Member::conversation) return write(fields_writer_);
                return type == rapidjson::kNullType || fail("conversation: must be an object");
            case Place::messages:
                return fail("conversation.messages: must hold objects");
            case Place::conversation:
                break;
        }
        if (type == rapidjson::kNullType || member_ == Member::unknown) return true;
        if (member_ != Member::system || type != rapidjson::kStringType) return wrong_type();
        open_piece();
        return write(piece_writer_) && close_piece();
    }

    bool start(rapidjson::Type type);
    bool start_in_conversation(rapidjson::Type type);
    bool start_piece(rapidjson::Type type);
    template <class Write>
    bool end(Write write);
    void open_piece();
    bool close_piece();
    bool wrong_type();

    EventParts parts_;
    std::optional<Error> error_;
    Buffer fields_;
    Writer fields_writer_{fields_};
    Buffer piece_;
    Writer piece_writer_{piece_};

    std::size_t depth_ = 0;          ///< Objects and lists that are open.
    std::size_t piece_depth_ = 0;    ///< Of the piece that is open; 0 without one.
    std::size_t skipped_depth_ = 0;  ///< Of an unknown member that is open; 0 without one.
    bool in_conversation_ = false;
    bool in_messages_ = false;
    Member member_ = Member::none;  ///< Whose value comes next, of the two upper levels.
};

bool SplitHandler::Key(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view name(text, size);
    switch (place()) {
        case Place::skipped:
            return true;
        case Place::piece:
            return write_clean(piece_writer_, name, true);
        case Place::messages:
            return false;  // A list has no keys.
        case Place::fields:
            if (depth_ == 1) {
                member_ = name == "conversation" ? Member::conversation : Member::none;
                if (member_ == Member::conversation) return true;
            }
            return fields_writer_.Key(text, size);
        case Place::conversation:
            break;
    }
    member_ = Member::unknown;
    if (name == "continues") member_ = Member::continues;
    if (name == "system") member_ = Member::system;
    if (name == "messages") member_ = Member::messages;
    if (name == "completion") member_ = Member::completion;
    if (name == "truncated") member_ = Member::truncated;
    return true;
}

bool SplitHandler::start(rapidjson::Type type) {
    ++depth_;
    switch (place()) {
        case Place::skipped:
            return true;
        case Place::piece:
        case Place::messages:
            return start_piece(type);
        case Place::conversation:
            return start_in_conversation(type);
        case Place::fields:
            break;
    }
    if (depth_ == conversation_depth && member_ == Member::conversation) {
        if (type != rapidjson::kObjectType) return fail("conversation: must be an object");
        if (parts_.conversation) return fail("conversation: stands there twice");
        parts_.conversation.emplace();
        in_conversation_ = true;
        return true;
    }
    return type == rapidjson::kObjectType ? fields_writer_.StartObject()
                                          : fields_writer_.StartArray();
}

bool SplitHandler::start_in_conversation(rapidjson::Type type) {
    const bool is_list = type == rapidjson::kArrayType;
    if (member_ == Member::unknown) {
        skipped_depth_ = depth_;
        return true;
    }
    if (member_ == Member::messages && is_list) {
        parts_.conversation->messages.clear();
        in_messages_ = true;
        return true;
    }
    const bool is_object_member = member_ == Member::completion || member_ == Member::continues;
    if ((member_ == Member::system && is_list) || (is_object_member && !is_list)) {
        return start_piece(type);
    }
    return wrong_type();
}

bool SplitHandler::start_piece(rapidjson::Type type) {
    if (piece_depth_ == 0) {
        if (in_messages_ && type != rapidjson::kObjectType) {
            return fail("conversation.messages: must hold objects");
        }
        if (parts_.conversation->messages.size() >= max_conversation_messages && in_messages_) {
            return fail("conversation.messages: holds too many");
        }
        open_piece();
        piece_depth_ = depth_;
    }
    if (depth_ - piece_depth_ >= max_conversation_depth) {
        return fail("conversation: is nested too deeply");
    }
    return type == rapidjson::kObjectType ? piece_writer_.StartObject()
                                          : piece_writer_.StartArray();
}

template <class Write>
bool SplitHandler::end(Write write) {
    const Place from = place();
    const std::size_t closed = depth_--;
    switch (from) {
        case Place::skipped:
            if (closed == skipped_depth_) skipped_depth_ = 0;
            return true;
        case Place::fields:
            return write(fields_writer_);
        case Place::messages:
            in_messages_ = false;
            return true;
        case Place::conversation:
            in_conversation_ = false;
            member_ = Member::none;
            return true;
        case Place::piece:
            break;
    }
    if (!write(piece_writer_)) return false;
    return closed != piece_depth_ || close_piece();
}

void SplitHandler::open_piece() {
    piece_.Clear();
    piece_writer_.Reset(piece_);
}

bool SplitHandler::close_piece() {
    piece_depth_ = 0;
    std::string text(piece_.GetString(), piece_.GetSize());
    Conversation& conversation = *parts_.conversation;
    if (in_messages_) {
        conversation.messages.push_back(std::move(text));
    } else if (member_ == Member::system) {
        conversation.system = std::move(text);
    } else if (member_ == Member::continues) {
        Result<Continuation> continues = read_continuation(text);
        if (!continues) {
            error_ = Error{"conversation.continues." + continues.error().message};
            return false;
        }
        conversation.continues = std::move(*continues);
    } else {
        conversation.completion = std::move(text);
    }
    return true;
}

bool SplitHandler::wrong_type() {
    switch (member_) {
        case Member::system:
            return fail("conversation.system: must be a string or a list");
        case Member::messages:
            return fail("conversation.messages: must be a list");
        case Member::continues:
            return fail("conversation.continues: must be an object");
        case Member::completion:
            return fail("conversation.completion: must be an object");
        default:
            return fail("conversation.truncated: must be true or false");
    }
}

/// What stands behind the messages, in a conversation of either form.
template <class Kind>
void append_ending(const Kind& conversation, std::string& out) {
    if (!conversation.completion.empty()) {
        out.append(",\"completion\":").append(conversation.completion);
    }
    if (conversation.truncated) out.append(",\"truncated\":true");
    out.push_back('}');
}

}  // namespace

void append_conversation(const Conversation& conversation, std::string& out) {
    std::size_t bytes = conversation.system.size() + conversation.completion.size() + 128;
    for (const std::string& message : conversation.messages) bytes += message.size() + 1;
    out.reserve(out.size() + bytes);
    out.push_back('{');
    append_continuation(conversation.continues, out);
    if (!conversation.system.empty()) {
        out.append("\"system\":").append(conversation.system).push_back(',');
    }
    out.append("\"messages\":[");
    for (std::size_t i = 0; i < conversation.messages.size(); ++i) {
        if (i > 0) out.push_back(',');
        out.append(conversation.messages[i]);
    }
    out.push_back(']');
    append_ending(conversation, out);
}

void append_before_prompt(const ConversationText& conversation, std::string& out) {
    out.push_back('{');
    append_continuation(conversation.continues, out);
}

void append_after_prompt(const ConversationText& conversation, std::string& out) {
    append_ending(conversation, out);
}

Result<EventParts> split_event(std::string_view bytes) {
    constexpr unsigned flags = rapidjson::kParseIterativeFlag |
                               rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseNumbersAsStringsFlag;
    SplitHandler handler;
    rapidjson::MemoryStream stream(bytes.data(), bytes.size());
    rapidjson::Reader reader;
    const rapidjson::ParseResult result = reader.Parse<flags>(stream, handler);
    if (handler.error()) return *handler.error();
    if (result.IsError()) {
        return Error{std::string("not JSON: ") + rapidjson::GetParseError_En(result.Code()) +
                     " at byte " + std::to_string(result.Offset())};
    }
    return handler.take();
}

}  // namespace ccproxy
