#include "proxy/openai/stream.hpp"

#include "proxy/openai/completion.hpp"
#include "proxy/openai/error.hpp"

namespace ccproxy::openai {
namespace {

void add_data(std::string_view json, std::string& out) {
    out.append("data: ").append(json).append("\n\n");
}

void write_function(JsonWriter& out, std::string_view name, std::string_view arguments) {
    out.Key("function");
    out.StartObject();
    if (!name.empty()) write_member(out, "name", name);
    write_member(out, "arguments", arguments);
    out.EndObject();
}

}  // namespace

void StreamTranslator::feed(std::string_view bytes, std::string& out) {
    sse_.feed(bytes, [&](const tap::SseEvent& event) { take(event, out); });
}

void StreamTranslator::finish(std::string& out) {
    if (!ended_) fail(error_body(502, "the upstream's stream ended before its last event"), out);
}

void StreamTranslator::take(const tap::SseEvent& sent, std::string& out) {
    if (ended_) return;
    // A comment, which keeps the connection from looking idle.
    if (sent.name == "ping") return void(out.append(": ping\n\n"));
    const Result<rapidjson::Document> event = parse_bounded(sent.data);
    // What stood in an event that was passed over is missing from the answer.
    if (!event || sse_.has_passed_over()) {
        return fail(error_body(502, "the upstream sent an event that cannot be read"), out);
    }
    // The name of an event is the `type` in its data; some compatible upstreams send no other.
    const std::string_view type = find_text(*event, "type");
    if (type == "message_start") start_message(*event, out);
    if (type == "content_block_start") start_block(*event, out);
    if (type == "content_block_delta") take_delta(*event, out);
    if (type == "content_block_stop") stop_block(out);
    if (type == "message_start" || type == "message_delta") meter_.take(sent.data);
    if (type == "message_stop") stop_message(out);
    if (type == "error") fail(translate_stream_error(*event), out);
}

void StreamTranslator::start_message(const JsonValue& event, std::string& out) {
    const JsonValue* message = find(event, "message");
    if (message == nullptr || !message->IsObject()) return;
    id_ = find_text(*message, "id");
    model_ = find_text(*message, "model");
    const auto delta = [](JsonWriter& writer) {
        write_member(writer, "role", "assistant");
        write_member(writer, "content", "");
    };
    add_chunk(delta, {}, out);
}

void StreamTranslator::start_block(const JsonValue& event, std::string& out) {
    in_tool_call_ = has_arguments_ = false;
    const JsonValue* block = find(event, "content_block");
    if (block == nullptr) return;
    if (find_text(*block, "type") == "text") return add_text(find_text(*block, "text"), out);
    if (find_text(*block, "type") != "tool_use") return;
    in_tool_call_ = true;
    const auto delta = [&](JsonWriter& writer) {
        writer.Key("tool_calls");
        writer.StartArray();
        writer.StartObject();
        writer.Key("index");
        writer.Int(tool_calls_);
        write_member(writer, "id", find_text(*block, "id"));
        write_member(writer, "type", "function");
        write_function(writer, find_text(*block, "name"), "");
        writer.EndObject();
        writer.EndArray();
    };
    add_chunk(delta, {}, out);
    ++tool_calls_;
    // Some compatible upstreams give the whole input here and no deltas.
    const JsonValue* input = find(*block, "input");
    if (input == nullptr || !input->IsObject() || input->ObjectEmpty()) return;
    rapidjson::StringBuffer buffer;
    JsonWriter arguments(buffer);
    input->Accept(arguments);
    add_arguments({buffer.GetString(), buffer.GetSize()}, out);
}

void StreamTranslator::take_delta(const JsonValue& event, std::string& out) {
    const JsonValue* delta = find(event, "delta");
    if (delta == nullptr) return;
    const std::string_view type = find_text(*delta, "type");
    if (type == "text_delta") add_text(find_text(*delta, "text"), out);
    if (type == "input_json_delta" && in_tool_call_) {
        add_arguments(find_text(*delta, "partial_json"), out);
    }
}

void StreamTranslator::stop_block(std::string& out) {
    // A call without input has no deltas; its arguments are to be JSON nevertheless.
    if (in_tool_call_ && !has_arguments_) add_arguments("{}", out);
    in_tool_call_ = false;
}

void StreamTranslator::stop_message(std::string& out) {
    ended_ = true;
    add_chunk([](JsonWriter&) {}, finish_reason(meter_.stop_reason()), out);
    if (include_usage_ && meter_.has_usage()) add_usage_chunk(out);
    add_data("[DONE]", out);
}

void StreamTranslator::fail(const std::string& body, std::string& out) {
    ended_ = true;
    add_data(body, out);
}

void StreamTranslator::add_text(std::string_view text, std::string& out) const {
    if (text.empty()) return;
    add_chunk([&](JsonWriter& writer) { write_member(writer, "content", text); }, {}, out);
}

void StreamTranslator::add_arguments(std::string_view arguments, std::string& out) {
    if (arguments.empty()) return;
    has_arguments_ = true;
    const auto delta = [&](JsonWriter& writer) {
        writer.Key("tool_calls");
        writer.StartArray();
        writer.StartObject();
        writer.Key("index");
        writer.Int(tool_calls_ - 1);
        write_function(writer, {}, arguments);
        writer.EndObject();
        writer.EndArray();
    };
    add_chunk(delta, {}, out);
}

void StreamTranslator::write_chunk_head(JsonWriter& out) const {
    out.StartObject();
    write_member(out, "id", id_);
    write_member(out, "object", "chat.completion.chunk");
    out.Key("created");
    out.Int64(created_s_);
    write_member(out, "model", model_);
    out.Key("choices");
    out.StartArray();
}

void StreamTranslator::add_chunk(const WriteMember& write_delta, std::string_view finish,
                                 std::string& out) const {
    rapidjson::StringBuffer buffer;
    JsonWriter writer(buffer);
    write_chunk_head(writer);
    writer.StartObject();
    writer.Key("index");
    writer.Int(0);
    writer.Key("delta");
    writer.StartObject();
    write_delta(writer);
    writer.EndObject();
    writer.Key("logprobs");
    writer.Null();
    writer.Key("finish_reason");
    if (finish.empty()) {
        writer.Null();
    } else {
        write_text(writer, finish);
    }
    writer.EndObject();
    writer.EndArray();
    if (include_usage_) {
        writer.Key("usage");
        writer.Null();
    }
    writer.EndObject();
    add_data({buffer.GetString(), buffer.GetSize()}, out);
}

void StreamTranslator::add_usage_chunk(std::string& out) const {
    rapidjson::StringBuffer buffer;
    JsonWriter writer(buffer);
    write_chunk_head(writer);
    writer.EndArray();
    write_usage(meter_.usage(), writer);
    writer.EndObject();
    add_data({buffer.GetString(), buffer.GetSize()}, out);
}

}  // namespace ccproxy::openai
