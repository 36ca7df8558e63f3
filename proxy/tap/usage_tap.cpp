#include "proxy/tap/usage_tap.hpp"

#include <algorithm>
#include <array>

#include "common/byte_scan.hpp"
#include "proxy/http/fields.hpp"
#include "proxy/tap/token_estimate.hpp"

namespace ccproxy::tap {
namespace {

constexpr std::size_t max_json_bytes = 32 * 1024 * 1024;
constexpr std::size_t max_delta_opening_bytes = 256;
constexpr std::size_t max_inflated_bytes = 256 * 1024 * 1024;

bool starts_with_type(std::string_view content_type, std::string_view type) {
    const std::string_view start = content_type.substr(0, type.size());
    return start == type || http1::equals_ignoring_case(start, type);
}

/// Where the text of the string that follows `"name":` in a flat JSON text begins; npos when it is
/// not there.
std::size_t find_string_member(std::string_view json, std::string_view name) {
    const std::size_t at = json.find(name);
    if (at == std::string_view::npos) return at;
    const std::size_t quote = json.find_first_not_of(" :", at + name.size());
    if (quote == std::string_view::npos || json[quote] != '"') return std::string_view::npos;
    return quote + 1;
}

/// Characters of the text of a JSON string, to its closing quote. Escapes count as one, and so does
/// each UTF-8 sequence.
std::int64_t string_chars(std::string_view text) {
    std::int64_t chars = 0;
    for (;;) {
        // Most text is ASCII, where a byte is a character.
        const std::size_t ascii = bytes_before_json_stop_or_non_ascii(text);
        chars += static_cast<std::int64_t>(ascii);
        text.remove_prefix(ascii);
        if (text.empty() || text.front() == '"') return chars;
        if (static_cast<unsigned char>(text.front()) >= 0x80) {
            const std::size_t plain = bytes_before_json_stop(text);
            chars += count_chars(text.substr(0, plain));
            text.remove_prefix(plain);
        } else {
            ++chars;
            text.remove_prefix(std::min<std::size_t>(text.front() == '\\' ? 2 : 1, text.size()));
        }
    }
}

}  // namespace

UsageTap::UsageTap(std::string_view content_type, std::string_view content_encoding)
    : format_(Format::other) {
    if (starts_with_type(content_type, "text/event-stream")) format_ = Format::sse;
    // An answer that does not say what it is may be one; if not, it is not JSON and nothing is read
    // of it.
    if (starts_with_type(content_type, "application/json") || content_type.empty()) {
        format_ = Format::json;
    }
    if (http1::equals_ignoring_case(content_encoding, "gzip")) {
        inflater_ = std::make_unique<Inflater>(max_inflated_bytes);
    } else if (!content_encoding.empty() &&
               !http1::equals_ignoring_case(content_encoding, "identity")) {
        readable_ = false;
    }
    if (format_ == Format::other) readable_ = false;
}

void UsageTap::feed(std::string_view body) {
    if (!readable_ || body.empty()) return;
    if (!inflater_) return take_text(body);
    readable_ = inflater_->feed(body, [this](std::string_view text) { take_text(text); });
    if (!readable_) note_loss();
}

void UsageTap::note_loss() {
    if (completion_ != nullptr) completion_->note_loss();
}

void UsageTap::finish(std::string_view last) {
    const bool is_whole = format_ == Format::json && !inflater_ && json_.empty();
    if (!is_whole || last.size() > max_json_bytes) feed(last);
    finished_ = true;
    if (format_ == Format::json && readable_) {
        const std::string_view json = is_whole ? last : json_;
        meter_.take(json);
        if (completion_ != nullptr) completion_->take_message(json);
    }
    json_.clear();
    json_.shrink_to_fit();
}

void UsageTap::take_text(std::string_view text) {
    if (format_ == Format::sse) {
        sse_.feed(text, [this](const SseEvent& event) { take_event(event); });
        if (sse_.has_passed_over()) note_loss();
        return;
    }
    if (json_.size() + text.size() > max_json_bytes) {
        readable_ = false;
        return note_loss();
    }
    json_.append(text);
}

void UsageTap::take_event(const SseEvent& event) {
    if (completion_ != nullptr && !stream_ended_) completion_->take(event);
    if (stream_ended_) return;
    if (event.name == "content_block_delta") return take_delta(event.data);
    if (event.name == "ping" || event.name == "content_block_start" ||
        event.name == "content_block_stop") {
        return;
    }
    if (event.name == "message_stop") {
        stream_ended_ = true;
        return;
    }
    // Named or not: some compatible upstreams leave the event's name to the `type` in its data.
    if (!meter_.take(event.data)) return;
    if (meter_.last_type() == "content_block_delta") take_delta(event.data);
    if (meter_.last_type() == "message_stop") stream_ended_ = true;
}

void UsageTap::take_delta(std::string_view data) {
    content_started_ = true;
    // The deltas of a block differ in their text alone: what stood before the last one's text most
    // likely stands before this one's.
    if (!delta_opening_.empty() && data.starts_with(delta_opening_)) {
        const std::int64_t chars = string_chars(data.substr(delta_opening_.size()));
        delta_chars_ += chars;
        if (chars > 0) return;
    }
    static constexpr std::array<std::string_view, 3> members{"\"text\"", "\"thinking\"",
                                                             "\"partial_json\""};
    for (const std::string_view name : members) {
        const std::size_t at = find_string_member(data, name);
        if (at == std::string_view::npos) continue;
        const std::int64_t chars = string_chars(data.substr(at));
        delta_chars_ += chars;
        if (chars == 0) continue;
        delta_opening_ = at <= max_delta_opening_bytes ? data.substr(0, at) : std::string_view();
        return;
    }
}

TapReport UsageTap::report() const {
    TapReport report;
    report.stop_reason = meter_.stop_reason();
    report.error = meter_.error();
    if (report.error.empty() && finished_ && format_ == Format::sse && !stream_ended_) {
        report.error = "the stream ended before its last event";
    }
    if (!meter_.has_usage()) return report;
    report.usage = meter_.usage();
    const bool whole = finished_ || stream_ended_;
    if (whole && meter_.has_final_usage()) {
        report.usage_source = UsageSource::final;
        return report;
    }
    // The stream broke off before its final count: what was said of the output by then is a first
    // guess, usually 1, while what was passed on is known.
    report.usage.output_tokens =
        std::max(report.usage.output_tokens, estimated_tokens(delta_chars_));
    report.usage_source = UsageSource::partial;
    return report;
}

}  // namespace ccproxy::tap
