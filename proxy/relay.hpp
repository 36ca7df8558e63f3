// Passes one answer from its upstream to the client as it arrives.
#pragma once

#include "proxy/exchange.hpp"
#include "proxy/http/body_reader.hpp"
#include "proxy/openai/answer.hpp"
#include "proxy/web/answer.hpp"
#include "proxy/worker.hpp"

namespace ccproxy {

/// A part of an exchange, made when the head of the answer has been read.
///
/// Bytes are read into a block that all sessions of a worker share, their framing is taken out in
/// place, the tap sees the payload, and one write sends it on with the client's framing around it.
/// Nothing is kept between two reads, so an open stream that is silent holds no buffer. The piece
/// that lets the client take the answer for complete (its framing's end, or a stream's own last
/// event) is sent only after the event stands in the journal.
///
/// For a client that speaks OpenAI's format the payload is translated in between
/// (relay_openai.cpp): a stream as it arrives, any other answer whole at its end, its head with it.
/// The answer of a web account is translated before that, to the Messages API's (relay_web.cpp);
/// the tap sees what comes of it.
class Relay {
  public:
    explicit Relay(Exchange& exchange);

    net::Task<AfterExchange> run();

  private:
    /// How the client finds the end of the body.
    enum class Out { none, length, chunked, until_close };
    enum class Step { more, ended, broken };

    net::Task<Step> pass_piece();
    net::Task<net::IoResult> read_piece();
    /// The head of the client's answer, in the worker's head_text(); empty once it was taken.
    std::string_view take_head();
    std::string_view frame(char* payload, std::size_t size, bool end) const;
    /// Shows the tap what has come. True when the answer is complete with it, and recorded.
    bool meter(const char* payload, std::size_t size, bool end);
    /// Sends what completes an answer once the journal has its event.
    net::Task<bool> send_last(std::string_view head, std::string_view framed);
    AfterExchange end();
    net::Task<AfterExchange> break_off();

    // Of a translated answer.
    void start_translation();
    /// Translates a piece into translated_. False, with the reason in failure_, when the answer
    /// cannot be.
    bool translate(std::string_view payload, bool end);
    /// The head waits for the answer's end, when its status is certain.
    [[nodiscard]] bool holds_head() const {
        return (translator_ && !translator_->streams()) || (web_ != nullptr && !web_->streams());
    }
    /// Puts the client's framing around translated_.
    std::string_view frame_translated(bool end);
    /// For an answer of which nothing has been sent: tells the client what became of it.
    net::Task<AfterExchange> refuse_instead();
    std::string failure() const;

    // Of a web account's answer.
    void start_web();
    /// Makes `payload` what the Messages API would have sent. False, with the reason in failure_,
    /// when the client gets an error instead. `end` becomes true when nothing more is needed.
    bool translate_web(std::string_view& payload, bool& end);

    Exchange& exchange_;
    ClientConnection& client_;
    http1::BodyReader reader_;
    Out out_;
    bool keep_alive_;
    bool head_taken_ = false;
    std::string failure_;
    int failure_status_ = 502;
    std::unique_ptr<openai::AnswerTranslator> translator_;  ///< For OpenAI's format.
    std::string translated_;      ///< What the client gets for the piece at hand.
    web::Answer* web_ = nullptr;  ///< For a web account's answer.
    std::string web_text_;        ///< What the piece at hand has become.
};

}  // namespace ccproxy
