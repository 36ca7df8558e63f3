#include "proxy/web_try.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/uuid.hpp"
#include "proxy/web/calls.hpp"
#include "proxy/web/error.hpp"
#include "proxy/worker.hpp"

namespace ccproxy {
namespace {

/// Of the answers that are read whole.
constexpr std::size_t max_answer_bytes = 1024 * 1024;
/// For the body of an error, whose head is there.
constexpr net::milliseconds max_error_time{10'000};
constexpr std::string_view json = "application/json";
constexpr std::string_view event_stream = "text/event-stream";

bool is_event_stream(const http1::ResponseHead& head) {
    const std::string_view coding = head.fields.get("content-encoding");
    return http1::equals_ignoring_case(
               head.fields.get("content-type").substr(0, event_stream.size()), event_stream) &&
           (coding.empty() || http1::equals_ignoring_case(coding, "identity")) &&
           head.framing.kind != http1::Framing::Kind::none;
}

/// Whether an error of a call that the client knows nothing of says what it would say of the
/// client's own: that the account is refused or at its limit, or the backend in trouble.
bool speaks_for_itself(int status) {
    return status == 401 || status == 403 || status == 429 || status >= 500;
}

}  // namespace

WebTry::WebTry(Exchange& exchange)
    : exchange_(exchange), web_(*exchange.web_), account_(*exchange.account_) {
    web_.answer.reset();
    exchange_.response_ = http1::ResponseHead();
}

net::Task<std::optional<http1::Refusal>> WebTry::run() {
    bool goes_on = co_await find_organization();
    if (goes_on) goes_on = co_await make_conversation();
    if (goes_on) co_await ask();
    co_return std::move(failure_);
}

net::Task<bool> WebTry::find_organization() {
    organization_ = account_.web.organization_id;
    if (organization_.empty()) organization_ = account_.state->organization();
    if (!organization_.empty()) co_return true;
    const bool answered = co_await call("GET", std::string(web::organizations_path), "",
                                        "the account's organizations could not be read");
    if (!answered) co_return false;
    const std::optional<std::string> found = web::find_organization(answer_);
    if (!found) {
        put_answer(502, "the account has no organization that can chat", "");
        co_return false;
    }
    organization_ = *found;
    account_.state->learn_organization(*found);
    co_return true;
}

net::Task<bool> WebTry::make_conversation() {
    uuid_ = random_uuid();
    const bool made = co_await call("POST", web::conversations_path(organization_),
                                    web::creation_body(uuid_), "no conversation could be made");
    co_return made;
}

net::Task<bool> WebTry::ask() {
    const bool connected = co_await connect();
    if (!connected) co_return false;
    const std::string head = request_head("POST", web::completion_path(organization_, uuid_),
                                          event_stream, exchange_.body_.size());
    failure_ = co_await exchange_.send_request(head);
    if (!failure_) failure_ = co_await exchange_.read_response_head();
    if (failure_) co_return false;
    http1::ResponseHead& response = exchange_.response_;
    if (response.status >= 300) {
        exchange_.client_.arm(max_error_time);
        upstream::WholeBody body =
            co_await upstream::read_body(*exchange_.upstream_, response,
                                         std::string(exchange_.upstream_input_), max_answer_bytes);
        reusable_ = body.reusable && exchange_.sent_ == accounts::Sent::whole;
        put_error(body.bytes, "");
        co_return false;
    }
    if (!is_event_stream(response)) {
        // The model has been asked: no other account may be.
        exchange_.sent_ = accounts::Sent::whole;
        failure_ = refusal(502, "the upstream's answer is no event stream that can be read");
        co_return false;
    }
    web::AnswerFacts facts;
    facts.id = "msg_" + uuid_;
    facts.model = exchange_.model_;
    facts.stream = exchange_.stream_;
    facts.prompt_tokens = web_.request.prompt_tokens;
    facts.stop_sequences = web_.request.stop_sequences;
    web_.answer = std::make_unique<web::Answer>(facts, account_.session_key);
    http1::Fields fields;
    fields.add("content-type", facts.stream ? "text/event-stream; charset=utf-8" : json);
    if (const std::string_view id = response.fields.get("request-id"); !id.empty()) {
        fields.add("request-id", id);
    }
    response.fields = std::move(fields);
    co_return true;
}

net::Task<bool> WebTry::call(std::string method, std::string path, std::string body,
                             std::string what) {
    const bool connected = co_await connect();
    if (!connected) co_return false;
    std::string request = request_head(method, path, json, body.size()).append(body);
    exchange_.client_.arm(exchange_.worker_.shared.config.timeouts.first_byte);
    upstream::CallResult result =
        co_await upstream::call(*exchange_.upstream_, std::move(request), max_answer_bytes);
    if (!uuid_.empty()) note_conversation(result);
    if (!result.failure.empty()) {
        exchange_.sent_ = result.sent ? accounts::Sent::part : accounts::Sent::nothing;
        failure_ = exchange_.interrupted("the upstream did not answer in time");
        // It said nothing for long, so that it is not for its age that the connection failed.
        if (failure_) exchange_.upstream_->reused = false;
        if (!failure_) failure_ = refusal(502, what + ": " + result.failure);
        co_return false;
    }
    exchange_.upstream_->reused = false;
    reusable_ = result.body.reusable;
    answer_ = std::move(result.body.bytes);
    if (result.head.status < 300) co_return true;
    exchange_.response_ = std::move(result.head);
    put_error(answer_, what);
    co_return false;
}

net::Task<bool> WebTry::connect() {
    if (!reusable_) exchange_.upstream_ = nullptr;
    reusable_ = true;
    if (!exchange_.upstream_) failure_ = co_await exchange_.connect();
    co_return !failure_;
}

/// It is to be deleted, unless it is certain that there is none. An answer that did not come does
/// not make it certain.
void WebTry::note_conversation(const upstream::CallResult& result) {
    const bool refused = result.failure.empty() && result.head.status >= 300;
    if (result.sent && !refused) web_.conversations.push_back({&account_, organization_, uuid_});
    // It may be in another organization by now.
    if (result.head.status == 403 || result.head.status == 404) {
        account_.state->learn_organization("");
    }
}

/// What the backend's error becomes, whose head is in place. Where the client's own request has not
/// been seen yet, and the error is none of those that any request may get, it is the account's
/// fault.
void WebTry::put_error(const std::string& body, const std::string& what) {
    const http1::ResponseHead& response = exchange_.response_;
    const web::BackendError error =
        web::read_error_body(response.status, body, account_.session_key);
    std::string retry_after(response.fields.get("retry-after"));
    if (retry_after.empty() && error.resets_at_s) {
        const std::int64_t now_s = exchange_.worker_.shared.clock.unix_ms() / 1000;
        retry_after = std::to_string(std::max<std::int64_t>(1, *error.resets_at_s - now_s));
    }
    const bool stays = what.empty() ? response.status >= 400 : speaks_for_itself(response.status);
    const std::string message = what.empty() ? error.message : what + ": " + error.message;
    put_answer(stays ? response.status : 502, message, retry_after);
}

void WebTry::put_answer(int status, const std::string& message, std::string_view retry_after) {
    spdlog::info("account {}: {}", account_.id, message);
    std::string body = http1::error_body(*refusal(status, message), exchange_.id_);
    http1::ResponseHead head;
    head.status = status;
    head.framing = {http1::Framing::Kind::length, body.size()};
    head.keep_alive = reusable_;
    head.fields.add("content-type", json);
    head.fields.add("content-length", std::to_string(body.size()));
    for (const std::string_view name : {"request-id", "x-should-retry"}) {
        const std::string_view value = exchange_.response_.fields.get(name);
        if (!value.empty()) head.fields.add(name, value);
    }
    if (!retry_after.empty()) head.fields.add("retry-after", retry_after);
    exchange_.response_ = std::move(head);
    exchange_.upstream_input_ = body;
    exchange_.sent_ = accounts::Sent::whole;  // Of what the answer is to.
}

std::string WebTry::request_head(std::string_view method, const std::string& path,
                                 std::string_view accept, std::size_t body_bytes) const {
    return web::request_head(method, account_.url.path + path, account_.header_lines, accept,
                             body_bytes);
}

}  // namespace ccproxy
