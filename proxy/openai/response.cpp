#include "proxy/openai/response.hpp"

#include "proxy/openai/completion.hpp"
#include "proxy/tap/usage_meter.hpp"

namespace ccproxy::openai {
namespace {

std::string joined_text(const JsonValue& blocks) {
    std::string text;
    for (const JsonValue& block : blocks.GetArray()) {
        if (find_text(block, "type") == "text") text.append(find_text(block, "text"));
    }
    return text;
}

void write_tool_call(const JsonValue& block, JsonWriter& out) {
    rapidjson::StringBuffer buffer;
    JsonWriter arguments(buffer);
    const JsonValue* input = find(block, "input");
    if (input != nullptr) {
        input->Accept(arguments);
    } else {
        arguments.StartObject();
        arguments.EndObject();
    }
    out.StartObject();
    write_member(out, "id", find_text(block, "id"));
    write_member(out, "type", "function");
    out.Key("function");
    out.StartObject();
    write_member(out, "name", find_text(block, "name"));
    write_member(out, "arguments", {buffer.GetString(), buffer.GetSize()});
    out.EndObject();
    out.EndObject();
}

void write_tool_calls(const JsonValue& blocks, JsonWriter& out) {
    bool any = false;
    for (const JsonValue& block : blocks.GetArray()) {
        if (find_text(block, "type") != "tool_use") continue;
        if (!any) {
            out.Key("tool_calls");
            out.StartArray();
        }
        any = true;
        write_tool_call(block, out);
    }
    if (any) out.EndArray();
}

void write_choice(const JsonValue& message, const JsonValue& blocks, JsonWriter& out) {
    const std::string text = joined_text(blocks);
    const std::string_view stop_reason = find_text(message, "stop_reason");
    out.StartObject();
    out.Key("index");
    out.Int(0);
    out.Key("message");
    out.StartObject();
    write_member(out, "role", "assistant");
    out.Key("content");
    if (text.empty() && stop_reason == "tool_use") {
        out.Null();
    } else {
        write_text(out, text);
    }
    out.Key("refusal");
    out.Null();
    write_tool_calls(blocks, out);
    out.EndObject();
    out.Key("logprobs");
    out.Null();
    write_member(out, "finish_reason", finish_reason(stop_reason));
    out.EndObject();
}

}  // namespace

Result<std::string> translate_message(std::string_view json, std::int64_t created_s) {
    const Result<rapidjson::Document> message = parse_bounded(json);
    if (!message) return Error{"the upstream's answer: " + message.error().message};
    const JsonValue* blocks = find(*message, "content");
    if (find_text(*message, "type") != "message" || blocks == nullptr || !blocks->IsArray()) {
        return Error{"the upstream's answer is not a message"};
    }
    rapidjson::StringBuffer buffer;
    JsonWriter out(buffer);
    out.StartObject();
    write_member(out, "id", find_text(*message, "id"));
    write_member(out, "object", "chat.completion");
    out.Key("created");
    out.Int64(created_s);
    write_member(out, "model", find_text(*message, "model"));
    out.Key("choices");
    out.StartArray();
    write_choice(*message, *blocks, out);
    out.EndArray();
    tap::UsageMeter meter;
    if (meter.take(json) && meter.has_usage()) write_usage(meter.usage(), out);
    out.EndObject();
    return {boost::system::in_place_value, take_text(buffer)};
}

}  // namespace ccproxy::openai
