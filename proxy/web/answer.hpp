// A chat backend's answer, translated as it arrives.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/json/tree.hpp"
#include "proxy/tap/sse_parser.hpp"
#include "proxy/web/message_writer.hpp"

namespace ccproxy::web {

/// Why there is no message.
struct Failure {
    int status = 502;  ///< That fits, as long as the client has been sent nothing.
    std::string message;
};

/// Takes the backend's event stream in pieces of any size and appends what the client gets; equal
/// bytes give equal output however they are cut. Pure. One an answer.
///
/// Both dialects are understood, told apart event by event: the older one of `completion` events,
/// each with a piece of the text, the last with a `stop_reason`; and the newer one, whose events
/// are named as those of the Messages API. Other events, and blocks that are neither text nor
/// thinking, are passed over.
class Answer {
  public:
    /// What is held of an answer that is not streamed; more is refused.
    static constexpr std::size_t max_plain_bytes = 32 * 1024 * 1024;

    Answer(const AnswerFacts& facts, std::string session_key)
        : writer_(facts), streams_(facts.stream), session_key_(std::move(session_key)) {}

    /// Whether the client gets it as it arrives, or whole at its end.
    [[nodiscard]] bool streams() const { return streams_; }

    /// `end` says that no more follow. A stream that fails ends with an error event; a plain answer
    /// has a failure() then.
    void feed(std::string_view bytes, bool end, std::string& out);

    /// The client has all that it gets and no end of the backend's need be awaited: one of the
    /// client's stop sequences has come, or a plain message is whole.
    [[nodiscard]] bool needs_no_more() const {
        return writer_.is_cut() || (!streams_ && writer_.ended());
    }
    [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }
    /// Estimated, since the backend tells none; of what has been said so far.
    [[nodiscard]] Usage usage() const { return writer_.usage(); }

  private:
    void check_limits(std::string& out);
    void take(const tap::SseEvent& event, std::string& out);
    void take_completion(const JsonValue& event, std::string& out);
    void take_delta(const JsonValue& event, std::string& out);
    void fail(int status, std::string_view type, std::string message, std::string& out);

    tap::SseParser sse_;
    MessageWriter writer_;
    bool streams_;
    bool has_text_ = false;  ///< Of the older dialect.
    std::string stop_reason_ = "end_turn";
    std::string session_key_;
    std::optional<Failure> failure_;
};

}  // namespace ccproxy::web
