#include "proto/event_codec.hpp"

#include "common/uuid.hpp"
#include "proto/attempts.hpp"
#include "proto/conversation_codec.hpp"
#include "proto/json_fields.hpp"
#include "proto/member_writer.hpp"

namespace ccproxy {
namespace {

/// The largest token count that is taken: sums over any number of rows that fits a disk stay within
/// 64 bits.
constexpr std::int64_t max_tokens = 1'000'000'000'000;

/// Everything but the conversation.
Result<Event> decode_fields(std::string_view bytes) {
    const ParsedJson json(bytes);
    if (json.error()) return *json.error();
    JsonFields fields(json.value());
    const std::int64_t version = fields.required_integer("v");
    if (!fields.error() && version != event_version && version != continuing_event_version) {
        return Error{"v: version " + std::to_string(version) + " is not known here"};
    }
    Event event;
    const auto text = [&](const char* name) { return fields.text(name, max_event_name_bytes); };
    event.id = fields.required_text("id", max_event_name_bytes);
    if (!fields.error() && !is_uuid(event.id)) fields.fail("id", "must be a UUID");
    event.token_id = fields.required_text("token_id", max_event_name_bytes);
    event.user_name = text("user_name");
    event.account_id = text("account_id");
    event.mode = text("mode");
    event.model = text("model");
    event.stream = fields.boolean("stream");
    event.request_at_ms = fields.required_integer("request_at_ms");
    event.response_at_ms = fields.required_integer("response_at_ms");
    event.duration_ms = fields.required_integer("duration_ms");
    event.ttft_ms = fields.integer("ttft_ms");
    const auto source =
        parse_usage_source(fields.required_text("usage_source", max_event_name_bytes));
    if (!source) {
        fields.fail("usage_source", "must be final, partial, estimated or none");
    } else {
        event.usage_source = *source;
    }
    if (event.usage_source != UsageSource::none) {
        const auto count = [&](const char* name) {
            return fields.required_integer(name, 0, max_tokens);
        };
        event.usage.input_tokens = count("input_tokens");
        event.usage.cache_creation_5m_tokens = count("cache_creation_5m_tokens");
        event.usage.cache_creation_1h_tokens = count("cache_creation_1h_tokens");
        event.usage.cache_read_tokens = count("cache_read_tokens");
        event.usage.output_tokens = count("output_tokens");
    }
    event.status_code = static_cast<int>(fields.required_integer("status_code", 100, 999));
    event.success = fields.boolean("success");
    event.error_message = fields.text("error_message", max_event_error_bytes);
    event.conversation_id = text("conversation_id");
    event.agent_id = text("agent_id");
    event.stop_reason = text("stop_reason");
    event.upstream_request_id = text("upstream_request_id");
    event.attempts = static_cast<int>(fields.required_integer("attempts", 0, 1000));
    if (const rapidjson::Value* list = fields.find("attempts_detail")) {
        Result<std::vector<Attempt>> attempts = read_attempts(*list);
        if (!attempts) return attempts.error();
        event.attempts_detail = std::move(*attempts);
    }
    if (fields.error()) return *fields.error();
    return event;
}

}  // namespace

std::string_view to_string(UsageSource source) {
    switch (source) {
        case UsageSource::final:
            return "final";
        case UsageSource::partial:
            return "partial";
        case UsageSource::estimated:
            return "estimated";
        case UsageSource::none:
            return "none";
    }
    return "none";
}

std::optional<UsageSource> parse_usage_source(std::string_view text) {
    for (const UsageSource source :
         {UsageSource::final, UsageSource::partial, UsageSource::estimated, UsageSource::none}) {
        if (to_string(source) == text) return source;
    }
    return std::nullopt;
}

namespace {

/// All but the conversation; `continues` says whether that one continues another.
void write_members(const Event& event, bool continues, MemberWriter& writer) {
    writer.integer("v", continues ? continuing_event_version : event_version);
    writer.text("id", event.id);
    writer.text("token_id", event.token_id);
    writer.text("user_name", event.user_name);
    writer.text("account_id", event.account_id);
    writer.text("mode", event.mode);
    writer.text("model", event.model);
    writer.boolean("stream", event.stream);
    writer.integer("request_at_ms", event.request_at_ms);
    writer.integer("response_at_ms", event.response_at_ms);
    writer.integer("duration_ms", event.duration_ms);
    if (event.ttft_ms) writer.integer("ttft_ms", *event.ttft_ms);
    writer.text("usage_source", to_string(event.usage_source));
    if (event.usage_source != UsageSource::none) {
        writer.integer("input_tokens", event.usage.input_tokens);
        writer.integer("cache_creation_5m_tokens", event.usage.cache_creation_5m_tokens);
        writer.integer("cache_creation_1h_tokens", event.usage.cache_creation_1h_tokens);
        writer.integer("cache_read_tokens", event.usage.cache_read_tokens);
        writer.integer("output_tokens", event.usage.output_tokens);
    }
    writer.integer("status_code", event.status_code);
    writer.boolean("success", event.success);
    writer.text("error_message", event.error_message, max_event_error_bytes);
    writer.text("conversation_id", event.conversation_id);
    writer.text("agent_id", event.agent_id);
    writer.text("stop_reason", event.stop_reason);
    writer.text("upstream_request_id", event.upstream_request_id);
    writer.integer("attempts", event.attempts);
    if (!event.attempts_detail.empty()) {
        writer.json("attempts_detail", attempts_to_json(event.attempts_detail));
    }
}

}  // namespace

void encode_event(const Event& event, std::string& out) {
    MemberWriter writer(out);
    write_members(event, event.conversation && event.conversation->continues, writer);
    if (event.conversation) {
        writer.json("conversation", "");
        append_conversation(*event.conversation, out);
    }
    writer.end();
}

EventPieces encode_event(const Event& event, const ConversationText& conversation) {
    EventPieces pieces;
    MemberWriter writer(pieces.head);
    write_members(event, conversation.continues.has_value(), writer);
    writer.json("conversation", "");
    append_before_prompt(conversation, pieces.head);
    pieces.prompt = conversation.prompt;
    append_after_prompt(conversation, pieces.tail);
    pieces.tail.push_back('}');
    return pieces;
}

Result<Event> decode_event(std::string_view bytes) {
    if (bytes.size() > max_event_bytes) return Error{"the event is too large"};
    const bool plain = bytes.find("\"conversation\"") == std::string_view::npos;
    if (plain) return decode_fields(bytes);
    Result<EventParts> parts = split_event(bytes);
    if (!parts) return parts.error();
    Result<Event> event = decode_fields(parts->fields);
    if (event) event->conversation = std::move(parts->conversation);
    return event;
}

std::string encode_envelope(const Envelope& envelope) {
    std::string out;
    MemberWriter writer(out);
    writer.text("proxy_id", envelope.proxy_id);
    writer.integer("seq", envelope.seq);
    writer.end();
    return out;
}

Result<Envelope> decode_envelope(std::string_view bytes) {
    const ParsedJson json(bytes);
    if (json.error()) return *json.error();
    JsonFields fields(json.value());
    Envelope envelope;
    envelope.proxy_id = fields.required_text("proxy_id", max_event_name_bytes);
    envelope.seq = static_cast<std::uint64_t>(fields.required_integer("seq", 1));
    if (fields.error()) return *fields.error();
    return envelope;
}

}  // namespace ccproxy
