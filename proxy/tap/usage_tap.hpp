// Reads an answer as it passes: its usage, its stop reason, its errors, the moment of its first
// content.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proto/event.hpp"
#include "proxy/tap/completion.hpp"
#include "proxy/tap/inflater.hpp"
#include "proxy/tap/sse_parser.hpp"
#include "proxy/tap/usage_meter.hpp"

namespace ccproxy::tap {

/// What the tap knows of an answer at some moment.
struct TapReport {
    Usage usage;
    UsageSource usage_source = UsageSource::none;
    std::string stop_reason;
    std::string error;  ///< As the answer itself reports it; empty when it does not.
};

/// Takes the bytes of one answer's body, in pieces of any size; the same bytes give the same report
/// however they are cut. Pure: knows no clock. One a request.
class UsageTap {
  public:
    /// `content_type` and `content_encoding` as the answer's head has them.
    UsageTap(std::string_view content_type, std::string_view content_encoding);

    /// What passes is also put together in `completion`, which outlives the tap. Before the first
    /// feed().
    void capture(Completion& completion) { completion_ = &completion; }

    void feed(std::string_view body);
    /// The body has ended as its framing says, with `last`, or with what was fed before. An answer
    /// that is given here as a whole is not copied. Call before the last report.
    void finish(std::string_view last = {});

    /// The first piece of content (text, thinking, or a tool's input) has passed.
    [[nodiscard]] bool content_started() const { return content_started_; }
    /// A stream's own last event has passed: clients take the answer for complete from here on.
    [[nodiscard]] bool stream_ended() const { return stream_ended_; }
    [[nodiscard]] TapReport report() const;

  private:
    enum class Format { json, sse, other };

    void take_text(std::string_view text);
    void take_event(const SseEvent& event);
    void take_delta(std::string_view data);
    void note_loss();

    Format format_;
    std::unique_ptr<Inflater> inflater_;
    bool readable_ =
        true;  ///< False once the body is in a coding that cannot be read, or is broken.
    SseParser sse_;
    std::string json_;
    UsageMeter meter_;
    Completion* completion_ = nullptr;
    bool finished_ = false;
    bool content_started_ = false;
    bool stream_ended_ = false;
    /// Characters of content that passed, for a stream that breaks off.
    std::int64_t delta_chars_ = 0;
    std::string delta_opening_;  ///< What stood in the last delta before its text.
};

}  // namespace ccproxy::tap
