#include "proto/event_codec.hpp"

#include <limits>

#include "common/utf8.hpp"
#include "common/uuid.hpp"
#include "proto/attempts.hpp"
#include "proto/conversation_codec.hpp"
#include "proto/json_fields.hpp"

namespace ccproxy {
namespace {

/// What RapidJSON's writer needs of a stream, onto a std::string.
class StringStream {
  public:
    using Ch = char;
    explicit StringStream(std::string& out) : out_(out) {}
    void Put(char c) { out_.push_back(c); }
    void Flush() {}

  private:
    std::string& out_;
};

using Writer = rapidjson::Writer<StringStream>;

void write_text(Writer& writer, std::string_view name, const std::string& value,
                std::size_t max_bytes) {
    if (value.empty()) return;
    writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    if (value.size() <= max_bytes && is_utf8(value) && value.find('\0') == std::string::npos) {
        writer.String(value);
    } else {
        writer.String(clean_utf8(value, max_bytes));
    }
}

void write_integer(Writer& writer, std::string_view name, std::int64_t value) {
    writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    writer.Int64(value);
}

void write_boolean(Writer& writer, std::string_view name, bool value) {
    writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    writer.Bool(value);
}

/// The largest token count that is taken: sums over any number of rows that fits a disk stay within
/// 64 bits.
constexpr std::int64_t max_tokens = 1'000'000'000'000;

/// Everything but the conversation.
Result<Event> decode_fields(std::string_view bytes) {
    const Result<rapidjson::Document> document = parse_json(bytes);
    if (!document) return document.error();
    JsonFields fields(*document);
    const std::int64_t version = fields.required_integer("v");
    if (!fields.error() && version != event_version) {
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

void encode_event(const Event& event, std::string& out) {
    StringStream stream(out);
    Writer writer(stream);
    const auto text = [&](std::string_view name, const std::string& value) {
        write_text(writer, name, value, max_event_name_bytes);
    };
    writer.StartObject();
    write_integer(writer, "v", event_version);
    text("id", event.id);
    text("token_id", event.token_id);
    text("user_name", event.user_name);
    text("account_id", event.account_id);
    text("mode", event.mode);
    text("model", event.model);
    write_boolean(writer, "stream", event.stream);
    write_integer(writer, "request_at_ms", event.request_at_ms);
    write_integer(writer, "response_at_ms", event.response_at_ms);
    write_integer(writer, "duration_ms", event.duration_ms);
    if (event.ttft_ms) write_integer(writer, "ttft_ms", *event.ttft_ms);
    text("usage_source", std::string(to_string(event.usage_source)));
    if (event.usage_source != UsageSource::none) {
        write_integer(writer, "input_tokens", event.usage.input_tokens);
        write_integer(writer, "cache_creation_5m_tokens", event.usage.cache_creation_5m_tokens);
        write_integer(writer, "cache_creation_1h_tokens", event.usage.cache_creation_1h_tokens);
        write_integer(writer, "cache_read_tokens", event.usage.cache_read_tokens);
        write_integer(writer, "output_tokens", event.usage.output_tokens);
    }
    write_integer(writer, "status_code", event.status_code);
    write_boolean(writer, "success", event.success);
    write_text(writer, "error_message", event.error_message, max_event_error_bytes);
    text("conversation_id", event.conversation_id);
    text("agent_id", event.agent_id);
    text("stop_reason", event.stop_reason);
    text("upstream_request_id", event.upstream_request_id);
    write_integer(writer, "attempts", event.attempts);
    if (!event.attempts_detail.empty()) {
        const std::string detail = attempts_to_json(event.attempts_detail);
        writer.Key("attempts_detail");
        writer.RawValue(detail.data(), detail.size(), rapidjson::kArrayType);
    }
    writer.EndObject();
    if (event.conversation) {
        // By hand, since the writer would take a large text byte by byte.
        out.pop_back();
        out.append(",\"conversation\":");
        append_conversation(*event.conversation, out);
        out.push_back('}');
    }
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
    StringStream stream(out);
    Writer writer(stream);
    writer.StartObject();
    write_text(writer, "proxy_id", envelope.proxy_id, max_event_name_bytes);
    writer.Key("seq");
    writer.Uint64(envelope.seq);
    writer.EndObject();
    return out;
}

Result<Envelope> decode_envelope(std::string_view bytes) {
    const Result<rapidjson::Document> document = parse_json(bytes);
    if (!document) return document.error();
    JsonFields fields(*document);
    Envelope envelope;
    envelope.proxy_id = fields.required_text("proxy_id", max_event_name_bytes);
    envelope.seq = static_cast<std::uint64_t>(fields.required_integer("seq", 1));
    if (fields.error()) return *fields.error();
    return envelope;
}

}  // namespace ccproxy
