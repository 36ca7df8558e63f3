#include "proxy/web/message_writer.hpp"

#include "proxy/json/tree.hpp"
#include "proxy/tap/token_estimate.hpp"

namespace ccproxy::web {
namespace {

void write_text_or_null(JsonWriter& out, const char* name, std::string_view text) {
    out.Key(name);
    if (text.empty()) {
        out.Null();
    } else {
        write_text(out, text);
    }
}

void write_stop(JsonWriter& out, std::string_view reason, std::string_view sequence) {
    write_text_or_null(out, "stop_reason", reason);
    write_text_or_null(out, "stop_sequence", sequence);
}

void write_number(JsonWriter& out, const char* name, std::int64_t value) {
    out.Key(name);
    out.Int64(value);
}

void write_usage(JsonWriter& out, const Usage& usage) {
    out.Key("usage");
    out.StartObject();
    write_number(out, "input_tokens", usage.input_tokens);
    write_number(out, "output_tokens", usage.output_tokens);
    out.EndObject();
}

void write_block(JsonWriter& out, std::string_view type, std::string_view text) {
    out.StartObject();
    write_member(out, "type", type);
    write_member(out, type == "thinking" ? "thinking" : "text", text);
    if (type == "thinking") write_member(out, "signature", "");
    out.EndObject();
}

/// Appends one event; `write_members` writes what stands in its data beside the type.
template <class WriteMembers>
void add_event(std::string_view type, std::string& out, const WriteMembers& write_members) {
    rapidjson::StringBuffer buffer;
    JsonWriter writer(buffer);
    writer.StartObject();
    write_member(writer, "type", type);
    write_members(writer);
    writer.EndObject();
    out.append("event: ").append(type).append("\ndata: ");
    out.append(buffer.GetString(), buffer.GetSize()).append("\n\n");
}

}  // namespace

MessageWriter::MessageWriter(const AnswerFacts& facts)
    : facts_(facts), stops_(facts.stop_sequences) {}

Usage MessageWriter::usage() const {
    Usage usage;
    usage.input_tokens = facts_.prompt_tokens;
    usage.output_tokens = tap::estimated_tokens(chars_);
    return usage;
}

void MessageWriter::start(std::string_view model, std::string& out) {
    if (started_ || ended_) return;
    started_ = true;
    if (!model.empty()) facts_.model = model;
    if (!facts_.stream) return;
    add_event("message_start", out, [this](JsonWriter& writer) {
        writer.Key("message");
        writer.StartObject();
        write_member(writer, "id", facts_.id);
        write_member(writer, "type", "message");
        write_member(writer, "role", "assistant");
        write_member(writer, "model", facts_.model);
        writer.Key("content");
        writer.StartArray();
        writer.EndArray();
        write_stop(writer, {}, {});
        write_usage(writer, usage());
        writer.EndObject();
    });
}

void MessageWriter::add_text(std::string_view text, std::string& out) {
    if (ended_ || text.empty()) return;
    if (open_ == Kind::thinking) close_block(out);
    add(Kind::text, stops_.feed(text), out);
    if (is_cut()) finish("stop_sequence", out);
}

void MessageWriter::add_thinking(std::string_view text, std::string& out) {
    if (ended_ || text.empty()) return;
    if (open_ == Kind::text || open_ == Kind::none) end_block(out);
    add(Kind::thinking, text, out);
}

void MessageWriter::add(Kind kind, std::string_view text, std::string& out) {
    if (text.empty()) return;
    if (open_ != kind) open_block(kind, out);
    chars_ += tap::count_chars(text);
    if (!facts_.stream) {
        blocks_.back().text.append(text);
        held_bytes_ += text.size();
        return;
    }
    add_event("content_block_delta", out, [&](JsonWriter& writer) {
        write_number(writer, "index", static_cast<std::int64_t>(blocks_.size()) - 1);
        writer.Key("delta");
        writer.StartObject();
        write_member(writer, "type", kind == Kind::text ? "text_delta" : "thinking_delta");
        write_member(writer, kind == Kind::text ? "text" : "thinking", text);
        writer.EndObject();
    });
}

void MessageWriter::open_block(Kind kind, std::string& out) {
    start({}, out);
    close_block(out);
    open_ = kind;
    blocks_.push_back({kind, {}});
    if (!facts_.stream) return;
    add_event("content_block_start", out, [&](JsonWriter& writer) {
        write_number(writer, "index", static_cast<std::int64_t>(blocks_.size()) - 1);
        writer.Key("content_block");
        write_block(writer, kind == Kind::text ? "text" : "thinking", {});
    });
}

void MessageWriter::close_block(std::string& out) {
    if (open_ == Kind::none) return;
    open_ = Kind::none;
    if (!facts_.stream) return;
    add_event("content_block_stop", out, [this](JsonWriter& writer) {
        write_number(writer, "index", static_cast<std::int64_t>(blocks_.size()) - 1);
    });
}

void MessageWriter::end_block(std::string& out) {
    if (ended_) return;
    // A text that begins like a stop sequence and ends so is no stop sequence.
    add(Kind::text, stops_.take_rest(), out);
    close_block(out);
}

void MessageWriter::finish(std::string_view stop_reason, std::string& out) {
    if (ended_) return;
    start({}, out);
    end_block(out);
    ended_ = true;
    if (!facts_.stream) return void(out.append(message(stop_reason)));
    add_event("message_delta", out, [&](JsonWriter& writer) {
        writer.Key("delta");
        writer.StartObject();
        write_stop(writer, stop_reason, stops_.found());
        writer.EndObject();
        writer.Key("usage");
        writer.StartObject();
        write_number(writer, "output_tokens", usage().output_tokens);
        writer.EndObject();
    });
    add_event("message_stop", out, [](JsonWriter&) {});
}

void MessageWriter::fail(std::string_view type, std::string_view said, std::string& out) {
    if (ended_) return;
    ended_ = true;
    if (!facts_.stream) return;
    add_event("error", out, [&](JsonWriter& writer) {
        writer.Key("error");
        writer.StartObject();
        write_member(writer, "type", type);
        write_member(writer, "message", said);
        writer.EndObject();
    });
}

void MessageWriter::ping(std::string& out) const {
    if (facts_.stream && !ended_) add_event("ping", out, [](JsonWriter&) {});
}

std::string MessageWriter::message(std::string_view stop_reason) const {
    rapidjson::StringBuffer buffer;
    JsonWriter out(buffer);
    out.StartObject();
    write_member(out, "id", facts_.id);
    write_member(out, "type", "message");
    write_member(out, "role", "assistant");
    write_member(out, "model", facts_.model);
    out.Key("content");
    out.StartArray();
    for (const Block& block : blocks_) {
        write_block(out, block.kind == Kind::text ? "text" : "thinking", block.text);
    }
    out.EndArray();
    write_stop(out, stop_reason, stops_.found());
    write_usage(out, usage());
    out.EndObject();
    return take_text(buffer);
}

}  // namespace ccproxy::web
