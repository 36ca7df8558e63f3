// One try at a web account: a conversation is made and the completion asked for in it, up to the
// head of its answer.
#pragma once

#include <string>

#include "proxy/exchange.hpp"
#include "proxy/upstream/call.hpp"
#include "proxy/web_state.hpp"

namespace ccproxy {

/// A part of an exchange. It leaves what any try does (exchange_failover.cpp): an answer in place,
/// or why there is none.
///
/// Until the completion is asked for, nothing has reached the model, whatever goes wrong: another
/// account may be tried. An error that the backend answers is put in place as the Messages API
/// would have answered it, whole, so that it can be judged, put aside and passed on like one.
class WebTry {
  public:
    explicit WebTry(Exchange& exchange);

    net::Task<std::optional<http1::Refusal>> run();

  private:
    // The steps. Each says whether the try goes on; if not, its outcome is there.
    net::Task<bool> find_organization();
    net::Task<bool> make_conversation();
    net::Task<bool> ask();

    /// A small request with its whole answer, which is in answer_ then. False when there is none,
    /// or it is an error; `what` says what could not be done.
    net::Task<bool> call(std::string method, std::string path, std::string body, std::string what);
    net::Task<bool> connect();
    void note_conversation(const upstream::CallResult& result);
    void put_error(const std::string& body, const std::string& what);
    void put_answer(int status, const std::string& message, std::string_view retry_after);
    [[nodiscard]] std::string request_head(std::string_view method, const std::string& path,
                                           std::string_view accept, std::size_t body_bytes) const;

    Exchange& exchange_;
    WebState& web_;
    const accounts::Account& account_;
    std::string organization_;
    std::string uuid_;
    std::string answer_;
    bool reusable_ = true;  ///< The connection can take another request.
    std::optional<http1::Refusal> failure_;
};

}  // namespace ccproxy
