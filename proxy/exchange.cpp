// The life of a request. serve() tells it from top to bottom; each step stands below in the same
// order.
//
//   read head (session.cpp) → route → authenticate (a key that is not known: exchange_guard.cpp) →
//   check limits → read body (in OpenAI's format: translate it, exchange_openai.cpp) → choose mode
//   (in web mode: flatten the request, exchange_web.cpp) → choose account → reach upstream, failing
//   over among accounts (exchange_failover.cpp): connect, send, read the answer's head
//   (exchange_upstream.cpp; at a web account after making a conversation, web_try.cpp) → relay head
//   and body, tapped → record (exchange_record.cpp) → end the answer → release upstream (relay.cpp)
//
// Whatever way a request ends, it passes through record() once if its token is known and its route
// is recorded, and it does so before the client can see the end of its answer.
#include "proxy/exchange.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "proxy/auth/client_credential.hpp"
#include "proxy/http/body_reader.hpp"
#include "proxy/http/plain_response.hpp"
#include "proxy/local_answers.hpp"
#include "proxy/openai/error.hpp"
#include "proxy/tap/inflater.hpp"
#include "proxy/tap/request_facts.hpp"
#include "proxy/web_state.hpp"
#include "proxy/worker.hpp"

namespace ccproxy {
namespace {

constexpr std::size_t max_telemetry_bytes = 1024 * 1024;
constexpr std::size_t max_session_id_bytes = 256;
/// Memory for a body is taken at once up to here; beyond it, as the body comes.
constexpr std::size_t max_claimed_bytes = 256 * 1024;
/// At least so many bytes of a body are read at a time.
constexpr std::size_t min_step_bytes = 16 * 1024;
/// What a connection keeps of the memory that a large body came through.
constexpr std::size_t max_idle_input_bytes = 8 * 1024;

}  // namespace

std::optional<http1::Refusal> refusal(int status, std::string message, bool close) {
    http1::Refusal made;
    made.status = status;
    made.message = std::move(message);
    made.close = close;
    return made;
}

Exchange::Exchange(Worker& worker, ClientConnection& client, http1::RequestHead head)
    : worker_(worker),
      client_(client),
      head_(std::move(head)),
      request_at_ms_(worker.shared.clock.unix_ms()),
      started_(net::SteadyClock::now()) {
    id_ = worker.ids().next(request_at_ms_);
    conversation_id_ = head_.fields.get("x-claude-code-session-id").substr(0, max_session_id_bytes);
    worker_.shared.metrics.in_flight().Increment();
    client_.on_interrupt = [this] {
        if (upstream_) upstream_->stream.cancel();
        if (pause_ != nullptr) pause_->cancel();
    };
    client_.on_drain = [this] { worker_.shared.metrics.draining().Increment(); };
}

Exchange::~Exchange() {
    client_.on_interrupt = nullptr;
    client_.on_drain = nullptr;
    if (client_.is_drained()) worker_.shared.metrics.draining().Decrement();
    if (web_) leave_no_conversations();
    worker_.shared.buffered_bytes -= buffered_bytes_;
    worker_.shared.conversation_bytes -= captured_bytes_;
    worker_.shared.metrics.in_flight().Decrement();
}

net::Task<AfterExchange> Exchange::run() {
    try {
        const AfterExchange after = co_await serve();
        co_return after;
    } catch (const std::exception& error) {
        // Out of memory, or a fault of this program: what the client has is not a whole answer, and
        // the row says so.
        spdlog::error("request {} failed: {}", id_, error.what());
    }
    record(500, "internal error of the proxy");
    client_.unwatch();
    co_await worker_.records().written();
    co_return AfterExchange::reset;
}

net::Task<AfterExchange> Exchange::serve() {
    Refused refused = route();
    if (!refused && !is_relayed(route_)) {
        co_return co_await answer_locally();
    }
    if (!refused) refused = authenticate();
    if (!refused) refused = check_limits();
    if (!refused) refused = co_await read_body(worker_.shared.config.limits.max_body_bytes);
    if (!refused && openai_) refused = translate_request();
    if (!refused) refused = read_facts();
    if (!refused) refused = choose_mode();
    if (!refused && mode_ == "web") refused = translate_for_web();
    if (!refused) refused = choose_account();
    if (!refused) refused = co_await reach_upstream();
    if (refused) co_return co_await refuse(std::move(*refused));
    co_return co_await relay();
}

Exchange::Refused Exchange::route() {
    Result<http1::Target> target = http1::parse_target(head_.target);
    if (!target) return refusal(400, target.error().message, true);
    target_ = std::move(*target);
    route_ = find_route(head_.method, target_.path);
    openai_ = openai::find_call(head_.method, target_.path, head_.fields);
    if (route_ == Route::pass_through) {
        // An upstream might understand it as a call that is recorded.
        const std::string path = http1::lenient_path(target_.path);
        if (path != target_.path && is_recorded(find_route("POST", path))) {
            return refusal(404, "write this path as " + path, true);
        }
    }
    if (route_ == Route::unknown) {
        return refusal(404, "there is nothing at " + target_.path.substr(0, 200), true);
    }
    if (route_ == Route::wrong_method) {
        return refusal(405, head_.method.substr(0, 32) + " is not what this path takes", true);
    }
    return std::nullopt;
}

Exchange::Refused Exchange::authenticate() {
    if (!worker_.shared.registry.is_loaded()) {
        Refused refused = refusal(
            503, "this proxy has not been told yet which keys are valid; try again soon", true);
        refused->retry_after_seconds = 5;
        return refused;
    }
    const std::string_view key = auth::client_credential(head_.fields);
    if (key.empty()) return refusal(401, "a key is needed: as x-api-key or as a Bearer", true);
    token_ = worker_.shared.registry.find(key);
    if (!token_) return refuse_unknown_key();
    if (token_->revoked) return refusal(401, "this key has been revoked", true);
    if (token_->expires_at_ms && *token_->expires_at_ms <= request_at_ms_) {
        return refusal(401, "this key has expired", true);
    }
    return std::nullopt;
}

Exchange::Refused Exchange::check_limits() {
    const auto steady = std::chrono::duration_cast<net::milliseconds>(started_.time_since_epoch());
    limits::TokenLimiter::Admission admission =
        worker_.shared.limiter.admit(*token_, request_at_ms_, steady.count());
    slot_ = std::move(admission.slot);
    if (!admission.exceeded) return std::nullopt;
    Refused refused = refusal(429, std::move(admission.exceeded->message));
    refused->retry_after_seconds = admission.exceeded->retry_after_seconds;
    // Claude Code stops at once where it hears no, and shows the message.
    refused->should_retry = refused->retry_after_seconds > 0;
    return refused;
}

net::Task<Exchange::Refused> Exchange::read_body(std::size_t max_bytes) {
    if (head_.framing.kind == http1::Framing::Kind::none) {
        body_taken_ = true;
        co_return std::nullopt;
    }
    if (head_.framing.kind == http1::Framing::Kind::length && head_.framing.length > max_bytes) {
        co_return refusal(413, "the body is larger than " + std::to_string(max_bytes) + " bytes",
                          true);
    }
    if (head_.expects_continue && client_.input().empty()) {
        const bool sent = co_await client_.send("HTTP/1.1 100 Continue\r\n\r\n", {},
                                                worker_.shared.config.timeouts.client_write);
        if (!sent) co_return refusal(status_client_gone, "the client left", true);
    }
    Refused refused;
    if (head_.framing.kind == http1::Framing::Kind::length) {
        refused = co_await read_to_length();
    } else {
        refused = co_await read_chunks(max_bytes);
    }
    if (refused) co_return refused;
    std::string& input = client_.input();
    if (input.empty() && input.capacity() > max_idle_input_bytes) input = std::string();
    body_taken_ = true;
    co_return std::nullopt;
}

net::Task<Exchange::Refused> Exchange::read_to_length() {
    const auto length = static_cast<std::size_t>(head_.framing.length);
    std::string& input = client_.input();
    std::size_t filled = std::min(length, input.size());
    body_.reserve(std::min(length, max_claimed_bytes));
    body_.assign(input, 0, filled);
    input.erase(0, filled);
    Refused refused = hold(filled);
    while (filled < length && !refused) {
        if (filled == body_.size()) {
            // No more is touched than has come already: memory is for those who send.
            body_.resize(std::min(length, filled + std::max(filled, min_step_bytes)));
        }
        client_.arm(worker_.shared.config.timeouts.client_body);
        const std::size_t received =
            co_await client_.receive(body_.data() + filled, body_.size() - filled);
        if (received == 0) co_return body_cut_short();
        filled += received;
        refused = hold(received);
    }
    co_return refused;
}

net::Task<Exchange::Refused> Exchange::read_chunks(std::size_t max_bytes) {
    http1::BodyReader reader(head_.framing);
    std::string& input = client_.input();
    for (;;) {
        const http1::BodyReader::Step step = reader.take(input.data(), input.size());
        if (step.malformed) co_return refusal(400, "the body's chunks are malformed", true);
        body_.append(input, 0, step.payload);
        input.erase(0, step.consumed);
        Refused refused = hold(step.payload);
        if (body_.size() > max_bytes) {
            co_return refusal(
                413, "the body is larger than " + std::to_string(max_bytes) + " bytes", true);
        }
        if (refused || reader.done()) co_return refused;
        client_.arm(worker_.shared.config.timeouts.client_body);
        const bool more = co_await client_.receive();
        if (!more) co_return body_cut_short();
    }
}

/// Counts bytes of the body that are held from now on.
Exchange::Refused Exchange::hold(std::size_t bytes) {
    buffered_bytes_ += bytes;
    const std::size_t held = worker_.shared.buffered_bytes += bytes;
    if (held <= worker_.shared.config.limits.max_buffered_bytes) return std::nullopt;
    return refusal(503, "this proxy holds as many request bodies as it may", true);
}

Exchange::Refused Exchange::body_cut_short() const {
    if (client_.interrupted() == Interrupt::deadline) {
        return refusal(408, "the body did not arrive in time", true);
    }
    return interrupted("");
}

Exchange::Refused Exchange::inflate_body(std::string& inflated, std::string_view& text) const {
    text = body_;
    const std::string_view coding = head_.fields.get("content-encoding");
    if (http1::equals_ignoring_case(coding, "gzip")) {
        Result<std::string> result =
            tap::inflate_gzip(body_, worker_.shared.config.limits.max_body_bytes);
        if (!result) return refusal(400, result.error().message);
        inflated = std::move(*result);
        text = inflated;
    } else if (!coding.empty() && !http1::equals_ignoring_case(coding, "identity")) {
        return refusal(415, "the body's content-encoding is neither gzip nor identity");
    }
    return std::nullopt;
}

Exchange::Refused Exchange::read_facts() {
    if (!is_recorded(route_)) return std::nullopt;
    std::string inflated;
    std::string_view text;
    if (Refused refused = inflate_body(inflated, text)) return refused;
    tap::PromptSlices slices;
    const bool captures = token_->conversation_logging;
    Result<tap::RequestFacts> facts = tap::read_request_facts(text, captures ? &slices : nullptr);
    if (!facts) return refusal(400, facts.error().message);
    model_ = std::move(facts->model);
    stream_ = facts->stream;
    if (conversation_id_.empty()) conversation_id_ = std::move(facts->session_id);
    if (captures) capture_prompt(text, slices);
    return std::nullopt;
}

Exchange::Refused Exchange::choose_mode() {
    const std::string_view asked = head_.fields.get("x-proxy-mode");
    if (!asked.empty() && asked != "api" && asked != "web") {
        return refusal(400, "X-Proxy-Mode must be api or web");
    }
    accounts_ = worker_.accounts();
    const bool any = token_->mode == "both";
    if (!asked.empty()) {
        mode_ = asked;
    } else if (token_->mode == "web" || (any && !accounts_->has_mode("api"))) {
        mode_ = "web";
    }
    if (!any && token_->mode != mode_) {
        return refusal(403, "X-Proxy-Mode asks for the mode " + mode_ +
                                ", and this key allows the mode " + token_->mode + " only");
    }
    if (!accounts_->has_mode(mode_)) {
        const char* why = !asked.empty() ? ", which X-Proxy-Mode asks for"
                          : any          ? ""
                                         : ", the only one that this key allows";
        return refusal(403, "this proxy has no account of the mode " + mode_ + why);
    }
    if (mode_ == "web" && !is_recorded(route_)) {
        return refusal(404,
                       "accounts of the mode web serve /v1/messages and "
                       "/v1/chat/completions, nothing else");
    }
    return std::nullopt;
}

Exchange::Refused Exchange::choose_account() {
    turn_ = worker_.next_turn();
    lease_ = accounts::choose(*accounts_, wanted(), tried_);
    account_ = lease_.account();
    if (account_ != nullptr) return std::nullopt;
    const accounts::NoAccount why = accounts::why_none(*accounts_, wanted());
    Refused refused = why.failing ? refusal(503, "no account can serve at the moment: " +
                                                     why.account->state->last_error())
                                  : refusal(429, "all accounts are at their limits");
    refused->retry_after_seconds = static_cast<int>((why.retry_ms + 999) / 1000);
    return refused;
}

net::Task<AfterExchange> Exchange::answer_locally() {
    Refused refused = co_await read_body(max_telemetry_bytes);
    if (refused) co_return co_await refuse(std::move(*refused));
    const LocalAnswer answer = make_local_answer(route_, worker_.shared);
    worker_.shared.metrics.count_request(route_, answer.status);
    const bool keep_alive = head_.keep_alive && !worker_.shared.stopping.load();
    const std::string text = http1::plain_response(answer.status, answer.content_type, answer.body,
                                                   keep_alive, head_.method == "HEAD");
    const bool sent = co_await client_.send(text, {}, worker_.shared.config.timeouts.client_write);
    co_return sent&& keep_alive ? AfterExchange::keep : AfterExchange::linger;
}

net::Task<AfterExchange> Exchange::refuse(http1::Refusal refusal) {
    client_.clear_deadline_interrupt();
    record(refusal.status, refusal.message);
    co_await worker_.records().written();
    // A body that was not read would be taken for the next request.
    if (!body_taken_) refusal.close = true;
    const bool keep_alive = head_.keep_alive && !worker_.shared.stopping.load();
    const bool head_only = head_.method == "HEAD";
    const std::string answer = openai_ ? openai::error_response(refusal, id_, keep_alive, head_only)
                                       : http1::error_response(refusal, id_, keep_alive, head_only);
    // Towards a client that has left this fails at once.
    const bool sent =
        co_await client_.send(answer, {}, worker_.shared.config.timeouts.client_write);
    if (!sent) co_return AfterExchange::close;
    co_return refusal.close || !keep_alive ? AfterExchange::linger : AfterExchange::keep;
}

std::int64_t Exchange::elapsed_ms() const {
    return std::chrono::duration_cast<net::milliseconds>(net::SteadyClock::now() - started_)
        .count();
}

Exchange::Refused Exchange::interrupted(const char* late) const {
    switch (client_.interrupted()) {
        case Interrupt::none:
            return std::nullopt;
        case Interrupt::deadline:
            return refusal(504, late, true);
        case Interrupt::client_gone:
            return refusal(status_client_gone, "the client left", true);
        case Interrupt::shutdown:
            return refusal(503, "this proxy is shutting down", true);
    }
    return std::nullopt;
}

}  // namespace ccproxy
