// The events of a streamed message as the chunks of a streamed chat completion.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "proxy/json/tree.hpp"
#include "proxy/tap/sse_parser.hpp"
#include "proxy/tap/usage_meter.hpp"

namespace ccproxy::openai {

/// Takes the upstream's bytes in pieces of any size and appends what the client gets; equal bytes
/// give equal output however they are cut. Pure. One a stream.
///
/// Everything that lets a client take the answer for complete (the finish reason, the usage,
/// `[DONE]`) is given when the upstream's own last event comes, not before. A stream that fails, or
/// ends without that event, ends with an error object instead.
class StreamTranslator {
  public:
    /// `created_s` is the time to state, in Unix seconds.
    StreamTranslator(bool include_usage, std::int64_t created_s)
        : include_usage_(include_usage), created_s_(created_s) {}

    void feed(std::string_view bytes, std::string& out);
    /// The upstream's body has ended as its framing says.
    void finish(std::string& out);

  private:
    using WriteMember = std::function<void(JsonWriter&)>;

    void take(const tap::SseEvent& sent, std::string& out);
    void start_message(const JsonValue& event, std::string& out);
    void start_block(const JsonValue& event, std::string& out);
    void take_delta(const JsonValue& event, std::string& out);
    void stop_block(std::string& out);
    void stop_message(std::string& out);
    void fail(const std::string& error_body, std::string& out);

    void add_chunk(const WriteMember& write_delta, std::string_view finish, std::string& out) const;
    void add_usage_chunk(std::string& out) const;
    void add_text(std::string_view text, std::string& out) const;
    void add_arguments(std::string_view arguments, std::string& out);
    void write_chunk_head(JsonWriter& out) const;

    tap::SseParser sse_;
    tap::UsageMeter meter_;
    bool include_usage_;
    std::int64_t created_s_;
    std::string id_;
    std::string model_;
    int tool_calls_ = 0;
    bool in_tool_call_ = false;   ///< The block that is open is a call of a tool.
    bool has_arguments_ = false;  ///< Some of that call's arguments have been given.
    bool ended_ = false;
};

}  // namespace ccproxy::openai
