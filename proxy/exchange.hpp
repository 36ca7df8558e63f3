// One request through the proxy, from its head to its record.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/net/address.hpp"
#include "proto/control.hpp"
#include "proto/event.hpp"
#include "proxy/accounts/chooser.hpp"
#include "proxy/client_connection.hpp"
#include "proxy/http/error_response.hpp"
#include "proxy/http/head.hpp"
#include "proxy/http/target.hpp"
#include "proxy/limits/token_limiter.hpp"
#include "proxy/openai/call.hpp"
#include "proxy/routes.hpp"
#include "proxy/tap/conversation_capture.hpp"
#include "proxy/tap/usage_tap.hpp"
#include "proxy/upstream/pool.hpp"

namespace ccproxy {

struct WebState;
class Worker;

/// What becomes of the client's connection.
enum class AfterExchange {
    keep,    ///< The next request may come.
    close,   ///< Close it.
    linger,  ///< Close it once the client has read the answer.
    reset    ///< Reset it: what the client has must not be taken for a whole answer.
};

/// The status of a request whose client left, as nginx writes it. No client sees it.
inline constexpr int status_client_gone = 499;

std::optional<http1::Refusal> refusal(int status, std::string message, bool close = false);

/// An upstream's error answer that was not passed on, since another account was tried.
struct FailedAnswer {
    const accounts::Account* account = nullptr;
    http1::ResponseHead head;
    std::string body;
};

/// Serves one request and records it once, whatever way it ends. Used by one coroutine on the
/// worker's thread.
class Exchange {
  public:
    Exchange(Worker& worker, ClientConnection& client, http1::RequestHead head);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    net::Task<AfterExchange> run();

  private:
    using Refused = std::optional<http1::Refusal>;

    net::Task<AfterExchange> serve();

    // The steps, in order. Each either succeeds or says what the client is to be told.
    Refused route();
    Refused authenticate();
    Refused check_limits();
    net::Task<Refused> read_body(std::size_t max_bytes);
    Refused translate_request();
    Refused read_facts();
    Refused choose_mode();
    Refused translate_for_web();
    Refused choose_account();
    net::Task<Refused> reach_upstream();
    net::Task<AfterExchange> relay();

    // Parts of the steps.
    Refused refuse_unknown_key();
    [[nodiscard]] net::Address client_address() const;
    net::Task<Refused> read_to_length();
    net::Task<Refused> read_chunks(std::size_t max_bytes);
    Refused hold(std::size_t bytes);
    [[nodiscard]] Refused body_cut_short() const;
    /// Makes `text` the body without its coding; `inflated` holds it where there is one.
    Refused inflate_body(std::string& inflated, std::string_view& text) const;
    Refused translate_completion();
    void replace_body(std::string body);
    net::Task<Refused> try_upstream();
    void judge(accounts::Tried& tried, const accounts::Asked& asked, const Refused& failure,
               net::SteadyClock::time_point began);
    net::Task<bool> move_on(accounts::Step step, const accounts::Tried& tried);
    net::Task<void> pause(net::milliseconds time);
    net::Task<void> keep_answer();
    bool bring_back_answer();
    [[nodiscard]] accounts::Wanted wanted() const;
    [[nodiscard]] std::int64_t steady_ms() const;
    net::Task<Refused> connect();
    net::Task<Refused> try_web();
    /// Sends `head`, which is needed until the first suspension only, and the request's body.
    net::Task<Refused> send_request(std::string_view head);
    net::Task<Refused> read_response_head();
    /// Receives up to the end of the next head. `received` is what has come, `head_bytes` of it the
    /// head; until the next suspension it lies in upstream_input_ or, when all came at once, in the
    /// relay buffer.
    net::Task<Refused> receive_head(std::string_view& received, std::size_t& head_bytes);
    bool is_answering_early();
    /// In the worker's head_text().
    [[nodiscard]] const std::string& upstream_request_head() const;

    // The exits.
    net::Task<AfterExchange> answer_locally();
    net::Task<AfterExchange> refuse(http1::Refusal refusal);
    /// Records the request's event, once: a second call does nothing. An empty `error` leaves it to
    /// the tap to say whether the request succeeded. The journal has it once the worker's
    /// records().written() has been awaited.
    void record(int status, const std::string& error);
    void append(Event& event);
    void capture_prompt(std::string_view body, const tap::PromptSlices& slices);
    [[nodiscard]] std::optional<ConversationText> conversation();
    /// Brings the count of bytes held for conversations up to date; beyond its limit this one is
    /// given up.
    void count_conversation();
    /// In web mode, at the very end, where the accounts are configured so. Never throws.
    void leave_no_conversations();
    /// What an interrupt means for the client; `late` is said when a deadline has passed.
    [[nodiscard]] Refused interrupted(const char* late) const;
    [[nodiscard]] std::int64_t elapsed_ms() const;

    friend class Relay;
    friend class WebTry;

    Worker& worker_;
    ClientConnection& client_;
    http1::RequestHead head_;
    std::string id_;
    std::int64_t request_at_ms_;
    net::SteadyClock::time_point started_;

    Route route_ = Route::unknown;
    http1::Target target_;
    std::optional<openai::Call> openai_;  ///< When the client speaks OpenAI's format.
    std::shared_ptr<const TokenEntry> token_;
    limits::TokenLimiter::Slot slot_;
    std::string body_;
    std::size_t buffered_bytes_ = 0;
    bool body_taken_ = false;  ///< The request's body has been read to its end.
    std::string model_;
    bool stream_ = false;
    std::string conversation_id_;

    accounts::AccountSetPtr accounts_;  ///< Stays while this request uses one of them.
    accounts::Lease lease_;
    const accounts::Account* account_ = nullptr;  ///< Whose answer the client gets.
    std::string mode_ = "api";
    std::uint64_t turn_ = 0;
    std::vector<const accounts::Account*> tried_;  ///< Accounts that have failed this request.
    std::vector<Attempt> attempts_detail_;         ///< From the first that failed on.
    std::optional<FailedAnswer> failed_answer_;
    net::Timer* pause_ = nullptr;  ///< While the request waits before its next try.
    upstream::ConnectionPtr upstream_;
    accounts::Sent sent_ = accounts::Sent::nothing;
    int attempts_ = 0;
    net::BriefText upstream_input_;  ///< Bytes of the answer that follow its head.
    http1::ResponseHead response_;

    std::unique_ptr<WebState> web_;  ///< Only in web mode.
    std::unique_ptr<tap::UsageTap> tap_;
    std::unique_ptr<tap::ConversationCapture> capture_;  ///< Only for tokens that have it on.
    std::size_t captured_bytes_ = 0;
    std::optional<std::int64_t> ttft_ms_;
    bool recorded_ = false;
};

}  // namespace ccproxy
