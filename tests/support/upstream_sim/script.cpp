// The events of a streamed answer.
#include "tests/support/upstream_sim/script.hpp"

#include <algorithm>
#include <cstring>

#include "tests/support/upstream_sim/errors.hpp"
#include "tests/support/upstream_sim/json_text.hpp"

namespace upstream_sim {
namespace {

constexpr std::size_t kThinkingPieces = 3;
constexpr std::size_t kToolPieceBytes = 12;
constexpr std::string_view kMessageLimit =
    R"({"type":"message_limit","message_limit":{"type":"within_limit"}})";

/// The part number `index` of `count` parts, never cut inside a UTF-8 sequence.
std::string_view part(std::string_view text, std::size_t index, std::size_t count) {
    const auto boundary = [&](std::size_t at) {
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
        return at;
    };
    const std::size_t from = boundary(text.size() * index / count);
    return text.substr(from, boundary(text.size() * (index + 1) / count) - from);
}

std::string_view sse_error_message(std::string_view type) {
    if (type == "overloaded_error") return error_message(529);
    if (type == "rate_limit_error") return error_message(429);
    return error_message(500);
}

}  // namespace

Script::Script(const Answer& answer, const Steering& steering, std::string_view request_id,
               Style style)
    : answer_(answer), steering_(steering), request_id_(request_id), style_(style) {
    const bool only_text = style == Style::kWebCompletion;
    if (answer.thinking && !only_text) blocks_.push_back(Block::kThinking);
    blocks_.push_back(Block::kText);
    if (!answer.tool_id.empty() && !only_text) blocks_.push_back(Block::kToolUse);
    for (const Block block : blocks_) deltas_total_ += pieces_of(block);
}

std::optional<Event> Script::next() {
    if (ended_) return std::nullopt;
    if (style_ == Style::kWebCompletion) return next_completion();
    if (!started_) {
        started_ = true;
        return Event{Event::Kind::kMessageStart, event("message_start", message_start())};
    }
    if (block_ < blocks_.size()) return next_of_block();
    if (!message_delta_given_) {
        if (steering_.sse_error) return error();
        message_delta_given_ = true;
        return Event{Event::Kind::kMessageDelta, event("message_delta", message_delta())};
    }
    if (style_ == Style::kWebMessages && !limit_given_) {
        limit_given_ = true;
        return Event{Event::Kind::kOther, event("message_limit", kMessageLimit)};
    }
    ended_ = true;
    return Event{Event::Kind::kMessageStop, event("message_stop", R"({"type":"message_stop"})")};
}

std::optional<Event> Script::next_of_block() {
    const Block block = blocks_[block_];
    if (!block_open_) {
        block_open_ = true;
        piece_ = 0;
        const std::string rest = joined({R"("content_block":)", start_of(block)});
        return Event{Event::Kind::kOther, indexed("content_block_start", rest)};
    }
    if (!pinged_) {
        pinged_ = true;
        return Event{Event::Kind::kOther, ping()};
    }
    if (piece_ < pieces_of(block)) {
        if (steering_.sse_error && deltas_given_ >= steering_.error_after.value_or(0)) {
            return error();
        }
        ++deltas_given_;
        const std::string rest = joined({R"("delta":)", delta_of(block, piece_++)});
        return Event{Event::Kind::kDelta, indexed("content_block_delta", rest)};
    }
    std::string stop = indexed("content_block_stop", {});
    block_open_ = false;
    ++block_;
    return Event{Event::Kind::kOther, std::move(stop)};
}

std::optional<Event> Script::next_completion() {
    if (steering_.sse_error &&
        (deltas_given_ >= steering_.error_after.value_or(0) || deltas_given_ == deltas_total_)) {
        return error();
    }
    if (piece_ < deltas_total_) {
        ++deltas_given_;
        // It begins with the space behind the prompt's last colon.
        std::string text = piece_ == 0 ? " " : "";
        text += answer_.text.piece(piece_++);
        return Event{Event::Kind::kDelta, completion(text, {})};
    }
    ended_ = true;
    const bool ended_turn = answer_.stop_reason == "end_turn";
    return Event{Event::Kind::kMessageDelta,
                 completion({}, ended_turn ? "stop_sequence" : answer_.stop_reason)};
}

std::string Script::completion(std::string_view text, std::string_view stop_reason) const {
    const std::string reason = stop_reason.empty() ? "null" : quoted(stop_reason);
    std::string data =
        joined({R"({"type":"completion","id":)", quoted("chatcompl_" + request_id_)});
    data += joined({R"(,"completion":)", quoted(text), R"(,"stop_reason":)", reason});
    data += joined({R"(,"model":)", quoted(answer_.model), R"(,"stop":null,"log_id":)"});
    data += joined({quoted(request_id_), R"(,"messageLimit":{"type":"within_limit"}})"});
    return event("completion", data);
}

Event Script::error() {
    ended_ = true;
    const std::string data =
        error_json(*steering_.sse_error, sse_error_message(*steering_.sse_error), request_id_);
    return Event{Event::Kind::kOther, event("error", data)};
}

std::size_t Script::pieces_of(Block block) const {
    switch (block) {
        case Block::kThinking:
            return kThinkingPieces + 1;  // and the signature
        case Block::kText:
            return answer_.text.pieces();
        case Block::kToolUse:
            return 1 + (answer_.tool_input.size() + kToolPieceBytes - 1) / kToolPieceBytes;
    }
    return 0;
}

std::string Script::start_of(Block block) const {
    switch (block) {
        case Block::kThinking:
            return R"({"type":"thinking","thinking":"","signature":""})";
        case Block::kText:
            return R"({"type":"text","text":""})";
        case Block::kToolUse:
            break;
    }
    return joined({R"({"type":"tool_use","id":)", quoted(answer_.tool_id), R"(,"name":)",
                   quoted(answer_.tool_name), R"(,"input":{}})"});
}

std::string Script::delta_of(Block block, std::size_t piece) const {
    if (block == Block::kText) {
        return joined({R"({"type":"text_delta","text":)", quoted(answer_.text.piece(piece)), "}"});
    }
    if (block == Block::kToolUse) {
        // The API opens with an empty piece.
        const std::size_t count = pieces_of(block) - 1;
        const auto json =
            piece == 0 ? std::string_view() : part(answer_.tool_input, piece - 1, count);
        return joined({R"({"type":"input_json_delta","partial_json":)", quoted(json), "}"});
    }
    if (piece == kThinkingPieces) {
        return joined({R"({"type":"signature_delta","signature":)", quoted(kSignatureText), "}"});
    }
    return joined({R"({"type":"thinking_delta","thinking":)",
                   quoted(part(kThinkingText, piece, kThinkingPieces)), "}"});
}

std::string Script::indexed(std::string_view type, std::string_view rest) const {
    std::string data = joined({R"({"type":)", quoted(type)});
    data += joined({R"(,"index":)", std::to_string(block_)});
    if (!rest.empty()) data += ',';
    data += rest;
    data += '}';
    return event(type, data);
}

std::string Script::message_start() const {
    std::string out =
        joined({R"({"type":"message_start","message":{"id":)", quoted(answer_.message_id)});
    out += joined({R"(,"type":"message","role":"assistant","model":)", quoted(answer_.model)});
    out += R"(,"content":[],"stop_reason":null,"stop_sequence":null)";
    if (!steering_.no_usage && style_ == Style::kApi) {
        Usage usage = answer_.usage;
        usage.output = std::min<std::uint64_t>(usage.output, 1);
        if (steering_.usage_zero_start) usage = {};
        out += joined({R"(,"usage":{)", usage_fields(usage, !steering_.no_split)});
        out += R"(,"service_tier":"standard"})";
    }
    return out + "}}";
}

std::string Script::message_delta() const {
    std::string out =
        joined({R"({"type":"message_delta","delta":{)", stop_fields(answer_.stop_reason)});
    out += "}";
    if (!steering_.no_usage && style_ == Style::kApi) {
        // The API tells the split in message_start only; where that said zero it has to be here.
        const bool split = steering_.usage_zero_start && !steering_.no_split;
        out += joined({R"(,"usage":{)", usage_fields(answer_.usage, split), "}"});
    }
    return out + "}";
}

std::string Script::ping() const {
    return event("ping", R"({"type": "ping"})");
}

std::string Script::event(std::string_view name, std::string_view data) const {
    const std::string_view line_end = steering_.crlf ? "\r\n" : "\n";
    std::string out = "event: ";
    out += name;
    out += line_end;
    out += "data: ";
    out += data;
    out += line_end;
    out += line_end;
    return out;
}

}  // namespace upstream_sim
