#include "proxy/openai/request.hpp"

#include <algorithm>
#include <optional>

#include "common/utf8.hpp"
#include "proxy/json/tree.hpp"
#include "proxy/openai/messages.hpp"
#include "proxy/openai/parameters.hpp"
#include "proxy/openai/tools.hpp"

namespace ccproxy::openai {
namespace {

Problem write_model(const JsonValue& request, const ModelMap& models, JsonWriter& out) {
    const std::string_view name = find_text(request, "model");
    if (name.empty()) return invalid("model", "is required and must be a string");
    write_member(out, "model", mapped_model(models, name));
    return std::nullopt;
}

Problem write_max_tokens(const JsonValue& request, std::int64_t fallback, JsonWriter& out) {
    std::int64_t max_tokens = fallback;
    // The newer name counts where both are there.
    for (const char* name : {"max_tokens", "max_completion_tokens"}) {
        const JsonValue* value = find(request, name);
        if (value == nullptr) continue;
        if (!value->IsInt64() || value->GetInt64() < 1) {
            return invalid(name, "must be a whole number of at least 1");
        }
        max_tokens = value->GetInt64();
    }
    out.Key("max_tokens");
    out.Int64(max_tokens);
    return std::nullopt;
}

Problem write_sampling(const JsonValue& request, JsonWriter& out) {
    const struct {
        const char* name;
        double max;
    } scales[] = {{"temperature", 2}, {"top_p", 1}};
    for (const auto& [name, max] : scales) {
        const JsonValue* value = find(request, name);
        if (value == nullptr) continue;
        if (!value->IsNumber() || value->GetDouble() < 0 || value->GetDouble() > max) {
            return invalid(name, "must be a number from 0 to " + std::to_string(int(max)));
        }
        out.Key(name);
        // The Messages API's scale of temperatures ends at 1.
        out.Double(std::min(value->GetDouble(), 1.0));
    }
    return std::nullopt;
}

bool is_stop_text(const JsonValue& value) {
    return value.IsString() && text_of(value).find_first_not_of(" \t\r\n") != std::string::npos;
}

Problem write_stop(const JsonValue& request, JsonWriter& out) {
    static constexpr std::string_view what =
        "must be a string or an array of strings, none of them empty or white space alone";
    const JsonValue* stop = find(request, "stop");
    if (stop == nullptr || (stop->IsArray() && stop->Empty())) return std::nullopt;
    out.Key("stop_sequences");
    if (stop->IsArray()) {
        const auto entries = stop->GetArray();
        if (!std::all_of(entries.begin(), entries.end(), is_stop_text)) {
            return invalid("stop", what);
        }
        stop->Accept(out);
        return std::nullopt;
    }
    if (!is_stop_text(*stop)) return invalid("stop", what);
    out.StartArray();
    write_text(out, text_of(*stop));
    out.EndArray();
    return std::nullopt;
}

Problem write_user(const JsonValue& request, JsonWriter& out) {
    // The newer name counts, as OpenAI has it.
    for (const char* name : {"safety_identifier", "user"}) {
        const JsonValue* user = find(request, name);
        if (user == nullptr) continue;
        if (!user->IsString()) return invalid(name, "must be a string");
        out.Key("metadata");
        out.StartObject();
        write_member(out, "user_id", text_of(*user));
        out.EndObject();
        return std::nullopt;
    }
    return std::nullopt;
}

Problem write_response_format(const JsonValue& request, JsonWriter& out) {
    const JsonValue* format = find(request, "response_format");
    if (format == nullptr) return std::nullopt;
    const std::string_view type = find_text(*format, "type");
    if (type == "text") return std::nullopt;
    if (type != "json_schema") {
        return invalid("response_format.type", "must be text or json_schema");
    }
    const JsonValue* named = find(*format, "json_schema");
    const JsonValue* schema = named == nullptr ? nullptr : find(*named, "schema");
    if (schema == nullptr || !schema->IsObject()) {
        return invalid("response_format.json_schema.schema", "is required and must be an object");
    }
    out.Key("output_config");
    out.StartObject();
    out.Key("format");
    out.StartObject();
    write_member(out, "type", "json_schema");
    out.Key("schema");
    schema->Accept(out);
    out.EndObject();
    out.EndObject();
    return std::nullopt;
}

Problem write_stream(const JsonValue& request, bool& include_usage, JsonWriter& out) {
    const JsonValue* stream = find(request, "stream");
    if (stream != nullptr && !stream->IsBool()) return invalid("stream", "must be true or false");
    const bool streams = stream != nullptr && stream->IsTrue();
    if (streams) {
        out.Key("stream");
        out.Bool(true);
    }
    const JsonValue* options = find(request, "stream_options");
    if (options == nullptr) return std::nullopt;
    if (!options->IsObject()) return invalid("stream_options", "must be an object");
    if (!streams) return invalid("stream_options", "is allowed only where stream is true");
    const JsonValue* usage = find(*options, "include_usage");
    if (usage != nullptr && !usage->IsBool()) {
        return invalid("stream_options.include_usage", "must be true or false");
    }
    include_usage = usage != nullptr && usage->IsTrue();
    return std::nullopt;
}

Problem write_request(const JsonValue& request, const Settings& settings, bool& include_usage,
                      JsonWriter& out) {
    static const JsonValue none;
    const JsonValue* messages = find(request, "messages");
    Problem problem = check_parameters(request);
    out.StartObject();
    if (!problem) problem = write_model(request, settings.models, out);
    if (!problem) problem = write_max_tokens(request, settings.default_max_tokens, out);
    if (!problem) problem = write_stream(request, include_usage, out);
    if (!problem) problem = write_sampling(request, out);
    if (!problem) problem = write_stop(request, out);
    if (!problem) problem = write_user(request, out);
    if (!problem) problem = write_response_format(request, out);
    if (!problem) problem = write_tools(request, out);
    if (!problem) problem = write_conversation(messages == nullptr ? none : *messages, out);
    if (!problem) out.EndObject();
    return problem;
}

}  // namespace

std::string_view mapped_model(const ModelMap& models, std::string_view name) {
    const auto found = models.find(name);
    return found == models.end() ? name : std::string_view(found->second);
}

boost::system::result<TranslatedRequest, Invalid> translate_request(std::string_view body,
                                                                    const Settings& settings) {
    const Result<rapidjson::Document> parsed = parse_bounded(body);
    if (!parsed) return Invalid{"", "the body: " + parsed.error().message};
    if (!parsed->IsObject()) return Invalid{"", "the body is not a JSON object"};
    TranslatedRequest translated;
    rapidjson::StringBuffer buffer;
    JsonWriter out(buffer);
    Problem problem = write_request(*parsed, settings, translated.include_usage, out);
    if (problem) return *std::move(problem);
    translated.body = take_text(buffer);
    // An escape can stand for half a character, which no UTF-8 text holds.
    if (!is_utf8(translated.body)) return Invalid{"", "the body holds an unpaired surrogate"};
    return translated;
}

}  // namespace ccproxy::openai
