// Writes an answer as the Messages API gives it, streamed or plain, from the texts that it says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/event.hpp"
#include "proxy/web/stop_finder.hpp"

namespace ccproxy::web {

/// What the proxy knows of an answer beside what the backend says.
struct AnswerFacts {
    std::string id;     ///< Of the message.
    std::string model;  ///< As asked for; the backend may name another.
    bool stream = false;
    std::int64_t prompt_tokens = 0;
    std::vector<std::string> stop_sequences;
};

/// Pure. A stream is appended to `out` as it goes; a plain message at its end alone. Nothing is
/// written after the end.
class MessageWriter {
  public:
    explicit MessageWriter(const AnswerFacts& facts);

    /// Once, before anything is said; the later calls make up for it.
    void start(std::string_view model, std::string& out);
    /// Text goes into the open block if that is of its kind, else into a new one. A stop sequence
    /// ends the message.
    void add_text(std::string_view text, std::string& out);
    void add_thinking(std::string_view text, std::string& out);
    void end_block(std::string& out);
    /// The message is whole.
    void finish(std::string_view stop_reason, std::string& out);
    /// The stream ends with an error. A plain message is never written then.
    void fail(std::string_view type, std::string_view message, std::string& out);
    void ping(std::string& out) const;

    [[nodiscard]] bool ended() const { return ended_; }
    /// A stop sequence has ended the message, whatever the backend still says.
    [[nodiscard]] bool is_cut() const { return !stops_.found().empty(); }
    /// Bytes that are held for a plain message.
    [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }
    /// Estimated, of what has been said so far.
    [[nodiscard]] Usage usage() const;

  private:
    enum class Kind { none, text, thinking };
    struct Block {
        Kind kind;
        std::string text;
    };

    void add(Kind kind, std::string_view text, std::string& out);
    void open_block(Kind kind, std::string& out);
    void close_block(std::string& out);
    [[nodiscard]] std::string message(std::string_view stop_reason) const;

    AnswerFacts facts_;
    StopFinder stops_;
    std::vector<Block> blocks_;  ///< Their texts only of a plain message.
    Kind open_ = Kind::none;
    bool started_ = false;
    bool ended_ = false;
    std::int64_t chars_ = 0;
    std::size_t held_bytes_ = 0;
};

}  // namespace ccproxy::web
