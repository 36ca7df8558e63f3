#include "proxy/relay.hpp"

#include <spdlog/spdlog.h>

#include <charconv>
#include <cstring>
#include <utility>

#include "proxy/http/header_policy.hpp"

namespace ccproxy {
namespace {

void keep_only(std::string_view name, http1::Fields& fields) {
    http1::Fields kept;
    if (const std::string_view value = fields.get(name); !value.empty()) kept.add(name, value);
    fields = std::move(kept);
}

}  // namespace

net::Task<AfterExchange> Exchange::relay() {
    // No other upstream will need it any more.
    body_ = std::string();
    worker_.shared.buffered_bytes -= buffered_bytes_;
    buffered_bytes_ = 0;
    Relay relay(*this);
    const AfterExchange after = co_await relay.run();
    client_.unwatch();
    co_return after;
}

Relay::Relay(Exchange& exchange)
    : exchange_(exchange),
      client_(exchange.client_),
      reader_(exchange.response_.framing),
      out_(Out::chunked),
      keep_alive_(exchange.head_.keep_alive && exchange.body_taken_) {
    using Kind = http1::Framing::Kind;
    const Kind kind = exchange.response_.framing.kind;
    if (kind == Kind::length) {
        out_ = Out::length;
    } else if (kind == Kind::none) {
        out_ = Out::none;
    } else if (exchange.head_.minor_version == 0) {
        out_ = Out::until_close;
        keep_alive_ = false;
    }
    if (exchange.worker_.shared.stopping.load()) keep_alive_ = false;
    if (is_recorded(exchange.route_)) {
        exchange.tap_ =
            std::make_unique<tap::UsageTap>(exchange.response_.fields.get("content-type"),
                                            exchange.response_.fields.get("content-encoding"));
        // An error answer says nothing that belongs to the conversation.
        const bool answered = exchange.response_.status >= 200 && exchange.response_.status < 300;
        if (exchange.capture_ && answered) exchange.tap_->capture(exchange.capture_->completion());
    }
    if (exchange.web_) start_web();
    if (exchange.openai_) start_translation();
}

net::Task<AfterExchange> Relay::run() {
    if (reader_.done()) {
        if (translator_ && !translate({}, true)) co_return co_await break_off();
        meter(nullptr, 0, true);
        const bool sent = co_await send_last(
            take_head(), translator_ ? frame_translated(true) : std::string_view());
        co_return sent ? end() : AfterExchange::close;
    }
    for (;;) {
        const Step step = co_await pass_piece();
        if (step == Step::ended) co_return end();
        if (step == Step::broken) co_return co_await break_off();
    }
}

std::string_view Relay::take_head() {
    if (std::exchange(head_taken_, true)) return {};
    const http1::ResponseHead& response = exchange_.response_;
    std::string& out = exchange_.worker_.head_text();
    out.clear();
    out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    out.append(http1::reason_phrase(response.status)).append("\r\n");
    http1::append_response_fields(response, out);
    out.append("x-ccproxy-request-id: ").append(exchange_.id_).append("\r\n");
    const std::string_view length = response.fields.get("content-length");
    if (out_ == Out::chunked) {
        out.append("transfer-encoding: chunked\r\n");
    } else if (out_ == Out::length) {
        out.append("content-length: ").append(length).append("\r\n");
    } else if (out_ == Out::none && exchange_.head_.method == "HEAD" && !length.empty()) {
        out.append("content-length: ").append(length).append("\r\n");
    } else if (out_ == Out::none && exchange_.head_.method != "HEAD" && response.status != 204 &&
               response.status != 304) {
        out.append("content-length: 0\r\n");
    }
    out.append(keep_alive_ ? "\r\n" : "connection: close\r\n\r\n");
    if (!reader_.done()) {
        // A stream may last for long. Its record shows these.
        keep_only("x-claude-code-agent-id", exchange_.head_.fields);
        keep_only("request-id", exchange_.response_.fields);
    }
    return out;
}

net::Task<net::IoResult> Relay::read_piece() {
    RelayBuffer& buffer = exchange_.worker_.relay_buffer();
    if (!exchange_.upstream_input_.empty()) {
        const std::size_t size =
            std::min(exchange_.upstream_input_.size(), RelayBuffer::data_bytes);
        std::memcpy(buffer.data(), exchange_.upstream_input_.data(), size);
        exchange_.upstream_input_.erase(0, size);
        exchange_.upstream_input_.shrink_to_fit();
        co_return net::IoResult{net::IoStatus::ok, size};
    }
    net::Stream& upstream = exchange_.upstream_->stream;
    for (;;) {
        const net::IoResult result = upstream.read_some(buffer.data(), RelayBuffer::data_bytes);
        if (result.status != net::IoStatus::wants_read &&
            result.status != net::IoStatus::wants_write) {
            co_return result;
        }
        if (!head_taken_ && !holds_head()) {
            // The answer has begun, and its client should know.
            const bool sent = co_await client_.send(
                take_head(), {}, exchange_.worker_.shared.config.timeouts.client_write);
            if (!sent) co_return net::IoResult{};
        }
        client_.arm(exchange_.worker_.shared.config.timeouts.upstream_idle);
        co_await upstream.wait(result.status);
        if (client_.interrupted() != Interrupt::none) co_return net::IoResult{};
    }
}

net::Task<Relay::Step> Relay::pass_piece() {
    const net::IoResult read = co_await read_piece();
    if (client_.interrupted() != Interrupt::none) co_return Step::broken;
    if (read.status == net::IoStatus::failed) {
        failure_ = "the upstream broke off its answer";
        co_return Step::broken;
    }
    char* data = exchange_.worker_.relay_buffer().data();
    const http1::BodyReader::Step step = reader_.take(data, read.bytes);
    bool end = reader_.done();
    if (step.malformed) failure_ = "the upstream's answer is malformed";
    if (read.status == net::IoStatus::closed) {
        end = reader_.ends_with_connection();
        if (!end) failure_ = "the upstream closed the connection in the middle of its answer";
    }
    // What follows a whole answer was not asked for; such a connection is not used again.
    if (step.consumed < read.bytes) exchange_.response_.keep_alive = false;

    std::string_view payload(data, step.payload);
    if (web_ != nullptr && !translate_web(payload, end)) co_return Step::broken;
    if (translator_ && !translate(payload, end)) co_return Step::broken;
    const bool recorded = meter(payload.data(), payload.size(), end);
    const bool replaced = translator_ || web_ != nullptr;
    const std::string_view framed =
        replaced ? frame_translated(end) : frame(data, step.payload, end);
    if (!framed.empty() || (!head_taken_ && !holds_head())) {
        const std::string_view head = take_head();
        bool sent = false;
        if (recorded) {
            sent = co_await send_last(head, framed);
        } else {
            sent = co_await client_.send(head, framed,
                                         exchange_.worker_.shared.config.timeouts.client_write);
        }
        if (!sent && !end) co_return Step::broken;
    }
    if (end) co_return Step::ended;
    co_return failure_.empty() ? Step::more : Step::broken;
}

net::Task<bool> Relay::send_last(std::string_view head, std::string_view framed) {
    // Both stand where others write theirs meanwhile.
    net::BriefText held;
    held.reserve(head.size() + framed.size());
    held.append(head).append(framed);
    co_await exchange_.worker_.records().written();
    const bool sent =
        co_await client_.send(held, {}, exchange_.worker_.shared.config.timeouts.client_write);
    co_return sent;
}

std::string_view Relay::frame(char* payload, std::size_t size, bool end) const {
    static constexpr std::string_view last_chunk = "0\r\n\r\n";
    if (out_ != Out::chunked) return {payload, size};
    char* stop = payload + size;
    char* start = payload;
    if (size > 0) {
        char digits[16];
        const auto [digits_end, error] = std::to_chars(digits, digits + sizeof digits, size, 16);
        (void)error;  // 16 digits hold any size.
        const auto count = static_cast<std::size_t>(digits_end - digits);
        start -= count + 2;
        std::memcpy(start, digits, count);
        std::memcpy(start + count, "\r\n", 2);
        std::memcpy(stop, "\r\n", 2);
        stop += 2;
    }
    if (end) {
        std::memcpy(stop, last_chunk.data(), last_chunk.size());
        stop += last_chunk.size();
    }
    return {start, static_cast<std::size_t>(stop - start)};
}

bool Relay::meter(const char* payload, std::size_t size, bool end) {
    const int status = exchange_.response_.status;
    tap::UsageTap* tap = exchange_.tap_.get();
    if (tap == nullptr) {
        if (end) exchange_.record(status, "");
        return end;
    }
    if (end) {
        tap->finish({payload, size});
    } else {
        tap->feed({payload, size});
    }
    if (!exchange_.ttft_ms_ && tap->content_started()) exchange_.ttft_ms_ = exchange_.elapsed_ms();
    exchange_.count_conversation();
    if (!end && !tap->stream_ended()) return false;
    const bool unexplained = status >= 300 && tap->report().error.empty();
    exchange_.record(
        status, unexplained ? "the upstream answered " + std::to_string(status) : std::string());
    return true;
}

AfterExchange Relay::end() {
    if (exchange_.response_.keep_alive && exchange_.sent_ == accounts::Sent::whole &&
        reader_.done() && exchange_.upstream_input_.empty()) {
        exchange_.worker_.pool().put_back(*exchange_.account_, std::move(exchange_.upstream_));
    }
    exchange_.upstream_ = nullptr;
    if (client_.interrupted() != Interrupt::none || client_.is_drained()) {
        return AfterExchange::close;
    }
    if (keep_alive_) return AfterExchange::keep;
    return AfterExchange::linger;
}

std::string Relay::failure() const {
    switch (client_.interrupted()) {
        case Interrupt::none:
            return failure_;
        case Interrupt::deadline:
            return "the upstream or the client was silent for too long";
        case Interrupt::client_gone:
            return "the client left";
        case Interrupt::shutdown:
            return "cut by the shutdown of the proxy";
    }
    return failure_;
}

net::Task<AfterExchange> Relay::break_off() {
    if (holds_head()) {
        const AfterExchange after = co_await refuse_instead();
        co_return after;
    }
    const std::string why = failure();
    const bool client_gone = client_.interrupted() == Interrupt::client_gone;
    if (!failure_.empty()) {
        spdlog::warn("account {}: {}", exchange_.account_->id, why);
        exchange_.account_->state->note_broken_answer(
            exchange_.response_.status, why, accounts::now(exchange_.worker_.shared.clock));
    }
    exchange_.record(client_gone ? status_client_gone : exchange_.response_.status, why);
    co_await exchange_.worker_.records().written();
    // Closing it also tells the upstream to stop.
    exchange_.upstream_ = nullptr;
    co_return out_ == Out::until_close ? AfterExchange::reset : AfterExchange::close;
}

}  // namespace ccproxy
