// Reaching an upstream: tries at one account after the other, as accounts/failover.hpp rules, until
// one gives the answer that the client is to get.
#include <spdlog/spdlog.h>

#include "proxy/exchange.hpp"
#include "proxy/http/body_reader.hpp"
#include "proxy/worker.hpp"

namespace ccproxy {
namespace {

/// An error answer that is put aside is read to its end, so that its connection can be used again
/// and the client can have it if no account does better; within these limits. A worker's relay
/// buffer takes as much.
constexpr std::size_t max_kept_bytes = 64 * 1024;
constexpr net::milliseconds max_keeping_time{1000};

bool has_left(const ClientConnection& client) {
    return client.interrupted() == Interrupt::client_gone ||
           client.interrupted() == Interrupt::shutdown;
}

/// An answer with that body, whatever framing it came in.
void set_body(http1::ResponseHead& head, std::size_t bytes) {
    using Kind = http1::Framing::Kind;
    head.framing = {bytes == 0 ? Kind::none : Kind::length, bytes};
    head.keep_alive = false;  // There is no connection any more.
    if (head.fields.get("content-length").empty()) {
        head.fields.add("content-length", std::to_string(bytes));
    }
}

/// What the client is told of an error answer that was too long or too slow to keep.
FailedAnswer without_its_body(const FailedAnswer& answer, std::string_view request_id) {
    FailedAnswer made;
    made.account = answer.account;
    made.head.status = answer.head.status;
    for (const std::string_view name :
         {"request-id", "retry-after", "retry-after-ms", "x-should-retry"}) {
        const std::string_view value = answer.head.fields.get(name);
        if (!value.empty()) made.head.fields.add(name, value);
    }
    made.head.fields.add("content-type", "application/json");
    const auto error =
        refusal(made.head.status, "the upstream answered " + std::to_string(made.head.status));
    made.body = http1::error_body(*error, request_id);
    return made;
}

}  // namespace

accounts::Wanted Exchange::wanted() const {
    accounts::Wanted wanted;
    wanted.mode = mode_;
    wanted.model = model_;
    wanted.session = conversation_id_;
    wanted.turn = turn_;
    wanted.steady_ms = steady_ms();
    return wanted;
}

/// As the accounts count time, and as near to now as they need it.
std::int64_t Exchange::steady_ms() const {
    const auto now = worker_.loop().turn_began().time_since_epoch();
    return std::chrono::duration_cast<net::milliseconds>(now).count();
}

net::Task<Exchange::Refused> Exchange::reach_upstream() {
    client_.watch();
    accounts::Asked asked;
    asked.repeatable = head_.method == "GET" || head_.method == "HEAD";
    asked.for_model = is_recorded(route_);
    upstream_ = worker_.pool().take_idle(*account_);
    for (;;) {
        ++attempts_;
        const auto began = worker_.loop().turn_began();
        Refused failure = co_await try_upstream();
        accounts::Tried tried;
        tried.status = failure ? 0 : response_.status;
        tried.sent = sent_;
        tried.on_kept_connection = upstream_ && upstream_->reused;
        tried.interrupted = has_left(client_);
        tried.model = model_;
        judge(tried, asked, failure, began);
        client_.clear_deadline_interrupt();
        const accounts::Step step = accounts::next_step(tried, asked);
        if (step == accounts::Step::relay) co_return std::nullopt;
        const bool again = co_await move_on(step, tried);
        if (again) continue;
        if (has_left(client_)) {
            failure = interrupted("");
        } else if (!failure && upstream_) {
            co_return std::nullopt;  // This account's error is the last one: it passes on.
        } else if (step != accounts::Step::give_up && bring_back_answer()) {
            co_return std::nullopt;
        }
        upstream_ = nullptr;
        client_.unwatch();
        co_return failure;
    }
}

/// Tells the account's state and the request's record what came of a try.
void Exchange::judge(accounts::Tried& tried, const accounts::Asked& asked, const Refused& failure,
                     net::SteadyClock::time_point began) {
    const accounts::Moment now{worker_.shared.clock.unix_ms(), steady_ms()};
    if (!failure) tried.told = accounts::read_rate_limits(response_.fields, now.unix_ms);
    const accounts::Verdict verdict = accounts::verdict(tried, asked);
    std::string error;
    if (failure) {
        error = failure->message;
    } else if (verdict != accounts::Verdict::good) {
        error = "the upstream answered " + std::to_string(tried.status);
    }
    lease_.note(verdict, tried, error, now, accounts_->failover());
    if (verdict != accounts::Verdict::good && !tried.interrupted) {
        spdlog::warn("account {}: {}", account_->id, error);
    }
    const bool at_once = verdict == accounts::Verdict::good || tried.interrupted;
    if (at_once && attempts_detail_.empty()) return;
    Attempt attempt;
    attempt.account_id = account_->id;
    attempt.status = tried.status;
    attempt.error = std::move(error);
    const auto took = net::SteadyClock::now() - began;
    attempt.duration_ms = std::chrono::duration_cast<net::milliseconds>(took).count();
    attempts_detail_.push_back(std::move(attempt));
}

/// Gets ready for the next try. False when there is none: what the last one gave is in place, or
/// put aside.
net::Task<bool> Exchange::move_on(accounts::Step step, const accounts::Tried& tried) {
    const accounts::FailoverConfig& failover = accounts_->failover();
    if (step == accounts::Step::give_up || client_.is_drained()) co_return false;
    if (step == accounts::Step::reconnect) {
        // Nothing has come of the request, so that this counts for nothing but the record.
        upstream_ = nullptr;
        co_return attempts_ < accounts::max_attempts_limit;
    }
    tried_.push_back(account_);
    if (tried_.size() >= static_cast<std::size_t>(failover.max_attempts)) co_return false;
    accounts::Lease next = accounts::choose(*accounts_, wanted(), tried_);
    const auto asked_ms = tried.told.retry_after_ms.value_or(0);
    const bool waits = !next && step == accounts::Step::wait_or_next && asked_ms > 0 &&
                       asked_ms <= failover.max_backoff.count();
    if (!next && !waits) co_return false;
    const accounts::Account* const account = waits ? account_ : next.account();
    if (tried.status != 0) co_await keep_answer();
    upstream_ = nullptr;
    lease_ = std::move(next);
    net::milliseconds time{0};
    // A little more than was asked for, so that not all that wait come at the same moment.
    if (waits) time = net::milliseconds(asked_ms + 1 + static_cast<int>(worker_.random() * 100));
    if (!waits && accounts::wants_backoff(tried)) {
        time = accounts::backoff(failover, static_cast<int>(tried_.size()) + 1, worker_.random());
    }
    if (time.count() > 0) co_await pause(time);
    if (has_left(client_) || client_.is_drained()) co_return false;
    if (waits) {
        const bool free =
            account->state->try_acquire(account->max_concurrent, model_, wanted().steady_ms);
        if (!free) co_return false;
        lease_ = accounts::Lease(*account);
    }
    account_ = account;
    upstream_ = worker_.pool().take_idle(*account_);
    co_return true;
}

net::Task<void> Exchange::pause(net::milliseconds time) {
    if (has_left(client_)) co_return;
    net::Timer timer(worker_.loop());
    client_.disarm();
    pause_ = &timer;
    co_await timer.wait(time);
    pause_ = nullptr;
}

/// Puts the error answer that has begun aside, and its connection back where that is possible.
net::Task<void> Exchange::keep_answer() {
    FailedAnswer answer;
    answer.account = account_;
    answer.head = std::move(response_);
    response_ = http1::ResponseHead();
    http1::BodyReader reader(answer.head.framing);
    client_.arm(max_keeping_time);
    bool whole = reader.done();
    net::BriefText& input = upstream_input_;
    while (!whole) {
        const http1::BodyReader::Step step = reader.take(input.data(), input.size());
        answer.body.append(input.data(), step.payload);
        input.erase(0, step.consumed);
        whole = reader.done();
        if (whole || step.malformed || answer.body.size() > max_kept_bytes) break;
        RelayBuffer& buffer = worker_.relay_buffer();
        const net::IoResult read =
            upstream_->stream.read_some(buffer.data(), RelayBuffer::data_bytes);
        input.append(buffer.data(), read.bytes);
        if (read.status == net::IoStatus::ok) continue;
        if (read.status == net::IoStatus::closed) whole = reader.ends_with_connection();
        if (read.status == net::IoStatus::closed || read.status == net::IoStatus::failed) break;
        co_await upstream_->stream.wait(read.status);
        if (client_.interrupted() != Interrupt::none) break;
    }
    client_.clear_deadline_interrupt();
    whole = whole && answer.body.size() <= max_kept_bytes;
    if (whole && reader.done() && answer.head.keep_alive && input.empty() &&
        sent_ == accounts::Sent::whole) {
        worker_.pool().put_back(*account_, std::move(upstream_));
    }
    upstream_ = nullptr;
    input.clear();
    failed_answer_ = whole ? std::move(answer) : without_its_body(answer, id_);
    set_body(failed_answer_->head, failed_answer_->body.size());
}

/// Puts the last error answer of an upstream's where an answer that has just come would be.
bool Exchange::bring_back_answer() {
    if (!failed_answer_) return false;
    account_ = failed_answer_->account;
    response_ = std::move(failed_answer_->head);
    upstream_input_ = failed_answer_->body;
    failed_answer_.reset();
    return true;
}

}  // namespace ccproxy
