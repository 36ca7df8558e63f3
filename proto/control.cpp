#include "proto/control.hpp"

#include "proto/json_fields.hpp"

namespace ccproxy {
namespace {

constexpr std::size_t max_text_bytes = 256;

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void key_text(Writer& writer, const char* name, const std::string& value) {
    writer.Key(name);
    writer.String(value);
}

void key_uint(Writer& writer, const char* name, std::uint64_t value) {
    writer.Key(name);
    writer.Uint64(value);
}

void key_int_if(Writer& writer, const char* name, const std::optional<std::int64_t>& value) {
    if (!value) return;
    writer.Key(name);
    writer.Int64(*value);
}

void write_tokens(Writer& writer, const std::vector<TokenEntry>& tokens) {
    writer.Key("tokens");
    writer.StartArray();
    for (const TokenEntry& token : tokens) {
        writer.StartObject();
        key_text(writer, "id", token.id);
        key_text(writer, "key_sha256", to_hex(token.key_sha256));
        key_text(writer, "name", token.name);
        key_text(writer, "mode", token.mode);
        key_int_if(writer, "expires_at_ms", token.expires_at_ms);
        writer.Key("revoked");
        writer.Bool(token.revoked);
        writer.Key("conversation_logging");
        writer.Bool(token.conversation_logging);
        key_int_if(writer, "requests_per_minute", token.limits.requests_per_minute);
        key_int_if(writer, "max_concurrent_requests", token.limits.max_concurrent_requests);
        key_int_if(writer, "tokens_per_day", token.limits.tokens_per_day);
        writer.EndObject();
    }
    writer.EndArray();
}

void write_registry(Writer& writer, const RegistrySnapshot& registry) {
    writer.StartObject();
    key_text(writer, "version", registry.version);
    write_tokens(writer, registry.tokens);
    writer.EndObject();
}

struct BodyWriter {
    Writer& writer;

    void type(const char* name) const { key_text(writer, "type", name); }

    void operator()(const Hello& m) const {
        type("hello");
        key_text(writer, "proxy_id", m.proxy_id);
        key_text(writer, "program_version", m.program_version);
        key_uint(writer, "first_seq", m.first_seq);
        key_uint(writer, "next_seq", m.next_seq);
        key_text(writer, "registry_version", m.registry_version);
        key_uint(writer, "dropped", m.dropped);
        key_uint(writer, "number", m.number);
    }
    void operator()(const Ping& m) const {
        type("ping");
        key_text(writer, "proxy_id", m.proxy_id);
        key_text(writer, "instance_id", m.instance_id);
        key_uint(writer, "next_seq", m.next_seq);
        key_uint(writer, "dropped", m.dropped);
        if (!m.accounts) return;
        writer.Key("accounts");
        writer.StartArray();
        for (const AccountReport& account : *m.accounts) write_account_report(writer, account);
        writer.EndArray();
    }
    void operator()(const Welcome& m) const {
        type("welcome");
        key_text(writer, "instance_id", m.instance_id);
        key_uint(writer, "hello_number", m.hello_number);
        key_uint(writer, "resume_seq", m.resume_seq);
        if (!m.registry) return;
        writer.Key("registry");
        write_registry(writer, *m.registry);
    }
    void operator()(const Ack& m) const {
        type("ack");
        key_uint(writer, "seq", m.seq);
        if (!m.lost_beginning) return;
        writer.Key("lost_beginning");
        writer.Bool(true);
    }
    void operator()(const Resume& m) const {
        type("resume");
        key_uint(writer, "resume_seq", m.resume_seq);
    }
    void operator()(const RegistryChange& m) const {
        type("registry");
        key_text(writer, "from_version", m.from_version);
        key_text(writer, "version", m.version);
        write_tokens(writer, m.tokens);
    }
    void operator()(const Pong& m) const {
        type("pong");
        key_text(writer, "instance_id", m.instance_id);
        key_uint(writer, "resume_seq", m.resume_seq);
        writer.Key("reading");
        writer.Bool(m.reading);
    }
    void operator()(const Greet& m) const {
        type("greet");
        key_text(writer, "instance_id", m.instance_id);
    }
    void operator()(const DailyUsage& m) const {
        type("usage");
        writer.Key("ends_at_ms");
        writer.Int64(m.ends_at_ms);
        key_uint(writer, "counted_seq", m.counted_seq);
        writer.Key("tokens");
        writer.StartArray();
        for (const TokenUsage& usage : m.tokens) {
            writer.StartObject();
            key_text(writer, "id", usage.token_id);
            writer.Key("tokens");
            writer.Int64(usage.tokens);
            writer.EndObject();
        }
        writer.EndArray();
    }
};

Result<std::vector<TokenEntry>> read_tokens(JsonFields& fields) {
    const rapidjson::Value* list = fields.find("tokens");
    if (list == nullptr || !list->IsArray()) return Error{"tokens: must be a list"};
    std::vector<TokenEntry> tokens;
    tokens.reserve(list->Size());
    for (const rapidjson::Value& item : list->GetArray()) {
        JsonFields entry(item);
        TokenEntry token;
        token.id = entry.required_text("id", max_text_bytes);
        if (!from_hex(entry.text("key_sha256", 64), token.key_sha256)) {
            entry.fail("key_sha256", "must be 64 hexadecimal digits");
        }
        token.name = entry.text("name", max_text_bytes);
        token.mode = entry.text("mode", max_text_bytes);
        token.expires_at_ms = entry.integer("expires_at_ms");
        token.revoked = entry.boolean("revoked");
        token.conversation_logging = entry.boolean("conversation_logging");
        token.limits.requests_per_minute =
            entry.integer("requests_per_minute", 1, requests_per_minute_cap);
        token.limits.max_concurrent_requests =
            entry.integer("max_concurrent_requests", 1, concurrent_requests_cap);
        token.limits.tokens_per_day = entry.integer("tokens_per_day", 1, tokens_per_day_cap);
        if (entry.error()) return *entry.error();
        tokens.push_back(std::move(token));
    }
    return tokens;
}

Result<RegistrySnapshot> read_registry(const rapidjson::Value& value) {
    JsonFields fields(value);
    RegistrySnapshot registry;
    registry.version = fields.required_text("version", max_text_bytes);
    if (fields.error()) return *fields.error();
    Result<std::vector<TokenEntry>> tokens = read_tokens(fields);
    if (!tokens) return tokens.error();
    registry.tokens = std::move(*tokens);
    return registry;
}

Result<std::vector<AccountReport>> read_accounts(const rapidjson::Value& list) {
    if (!list.IsArray() || list.Size() > max_reported_accounts) {
        return Error{"accounts: must be a list of no more than 256 accounts"};
    }
    std::vector<AccountReport> accounts;
    accounts.reserve(list.Size());
    for (const rapidjson::Value& item : list.GetArray()) {
        Result<AccountReport> account = read_account_report(item);
        if (!account) return Error{"accounts: " + account.error().message};
        accounts.push_back(std::move(*account));
    }
    return accounts;
}

Result<std::vector<TokenUsage>> read_usage(JsonFields& fields) {
    const rapidjson::Value* list = fields.find("tokens");
    if (list == nullptr || !list->IsArray()) return Error{"tokens: must be a list"};
    std::vector<TokenUsage> tokens;
    tokens.reserve(list->Size());
    for (const rapidjson::Value& item : list->GetArray()) {
        JsonFields entry(item);
        std::string id = entry.required_text("id", max_text_bytes);
        tokens.push_back({std::move(id), entry.required_integer("tokens")});
        if (entry.error()) return *entry.error();
    }
    return tokens;
}

std::uint64_t seq(JsonFields& fields, const char* name, std::int64_t min) {
    return static_cast<std::uint64_t>(fields.required_integer(name, min));
}

Result<ControlMessage> read_body(JsonFields& fields, const std::string& type) {
    const auto text = [&](const char* name) { return fields.text(name, max_text_bytes); };
    const auto required = [&](const char* name) {
        return fields.required_text(name, max_text_bytes);
    };
    if (type == "hello") {
        Hello m;
        m.proxy_id = required("proxy_id");
        m.program_version = text("program_version");
        m.first_seq = seq(fields, "first_seq", 0);
        m.next_seq = seq(fields, "next_seq", 1);
        m.registry_version = text("registry_version");
        m.dropped = seq(fields, "dropped", 0);
        m.number = seq(fields, "number", 0);
        return ControlMessage(std::move(m));
    }
    if (type == "ping") {
        Ping m;
        m.proxy_id = required("proxy_id");
        m.instance_id = text("instance_id");
        m.next_seq = seq(fields, "next_seq", 1);
        m.dropped = seq(fields, "dropped", 0);
        if (const rapidjson::Value* list = fields.find("accounts")) {
            Result<std::vector<AccountReport>> accounts = read_accounts(*list);
            if (!accounts) return accounts.error();
            m.accounts = std::move(*accounts);
        }
        return ControlMessage(std::move(m));
    }
    if (type == "welcome") {
        Welcome m;
        m.instance_id = required("instance_id");
        m.hello_number = seq(fields, "hello_number", 0);
        m.resume_seq = seq(fields, "resume_seq", 1);
        if (const rapidjson::Value* value = fields.find("registry")) {
            Result<RegistrySnapshot> registry = read_registry(*value);
            if (!registry) return registry.error();
            m.registry = std::move(*registry);
        }
        return ControlMessage(std::move(m));
    }
    if (type == "registry") {
        RegistryChange m;
        m.from_version = text("from_version");
        m.version = required("version");
        Result<std::vector<TokenEntry>> tokens = read_tokens(fields);
        if (!tokens) return tokens.error();
        m.tokens = std::move(*tokens);
        return ControlMessage(std::move(m));
    }
    if (type == "ack") {
        return ControlMessage(Ack{seq(fields, "seq", 0), fields.boolean("lost_beginning")});
    }
    if (type == "resume") return ControlMessage(Resume{seq(fields, "resume_seq", 1)});
    if (type == "pong") {
        Pong m;
        m.instance_id = required("instance_id");
        m.resume_seq = seq(fields, "resume_seq", 1);
        m.reading = fields.boolean("reading");
        return ControlMessage(std::move(m));
    }
    if (type == "usage") {
        DailyUsage m;
        m.ends_at_ms = fields.required_integer("ends_at_ms");
        m.counted_seq = seq(fields, "counted_seq", 0);
        Result<std::vector<TokenUsage>> tokens = read_usage(fields);
        if (!tokens) return tokens.error();
        m.tokens = std::move(*tokens);
        return ControlMessage(std::move(m));
    }
    if (type == "greet") return ControlMessage(Greet{required("instance_id")});
    return Error{"type: " + type + " is not known here"};
}

}  // namespace

std::string encode_control(const ControlMessage& message) {
    rapidjson::StringBuffer buffer;
    Writer writer(buffer);
    writer.StartObject();
    std::visit(BodyWriter{writer}, message);
    writer.EndObject();
    return {buffer.GetString(), buffer.GetSize()};
}

Result<ControlMessage> decode_control(std::string_view bytes) {
    if (bytes.size() > max_control_bytes) return Error{"the message is too large"};
    const Result<rapidjson::Document> document = parse_json(bytes);
    if (!document) return document.error();
    JsonFields fields(*document);
    const std::string type = fields.required_text("type", max_text_bytes);
    if (fields.error()) return *fields.error();
    Result<ControlMessage> message = read_body(fields, type);
    if (message && fields.error()) return *fields.error();
    return message;
}

std::string encode_registry(const RegistrySnapshot& registry) {
    rapidjson::StringBuffer buffer;
    Writer writer(buffer);
    write_registry(writer, registry);
    return {buffer.GetString(), buffer.GetSize()};
}

Result<RegistrySnapshot> decode_registry(std::string_view bytes) {
    if (bytes.size() > max_control_bytes) return Error{"the registry is too large"};
    const Result<rapidjson::Document> document = parse_json(bytes);
    if (!document) return document.error();
    return read_registry(*document);
}

}  // namespace ccproxy
