// One try at an account: from its connection to the head of its answer.
#include "proxy/exchange.hpp"
#include "proxy/http/header_policy.hpp"
#include "proxy/worker.hpp"

namespace ccproxy {
namespace {

/// Interim answers (1xx) that an upstream may send before the real one.
constexpr int max_interim_answers = 16;
constexpr std::size_t max_response_head_bytes = 64 * 1024;

}  // namespace

net::Task<Exchange::Refused> Exchange::try_upstream() {
    sent_ = accounts::Sent::nothing;
    client_.drain(std::nullopt);
    upstream_input_.clear();
    Refused refused;
    if (web_) {
        refused = co_await try_web();
        co_return refused;
    }
    if (!upstream_) refused = co_await connect();
    if (!refused) refused = co_await send_request(upstream_request_head());
    if (!refused) refused = co_await read_response_head();
    co_return refused;
}

net::Task<Exchange::Refused> Exchange::connect() {
    client_.arm(worker_.shared.config.timeouts.connect);
    const std::string failure = co_await worker_.pool().connect(*account_, upstream_);
    if (client_.interrupted() != Interrupt::none) {
        co_return interrupted("the upstream could not be reached in time");
    }
    if (failure.empty()) co_return std::nullopt;
    co_return refusal(502, "the upstream could not be reached: " + failure);
}

const std::string& Exchange::upstream_request_head() const {
    std::string& out = worker_.head_text();
    out.clear();
    out.append(head_.method).append(" ").append(account_->url.path).append(target_.path);
    out.append(target_.query).append(" HTTP/1.1\r\n").append(account_->header_lines);
    http1::append_request_fields(head_, out);
    if (!body_.empty() || head_.method == "POST" || head_.method == "PUT") {
        out.append("content-length: ").append(std::to_string(body_.size())).append("\r\n");
    }
    out.append("\r\n");
    return out;
}

net::Task<Exchange::Refused> Exchange::send_request(std::string_view head) {
    std::string rest_of_head;
    std::string_view first = head;
    std::string_view second = body_;
    for (;;) {
        const net::IoResult result = upstream_->stream.write_some(first, second);
        if (result.bytes > 0) sent_ = accounts::Sent::part;
        const std::size_t from_first = std::min(result.bytes, first.size());
        first.remove_prefix(from_first);
        second.remove_prefix(result.bytes - from_first);
        if (first.empty() && second.empty()) break;
        if (result.status == net::IoStatus::ok) continue;
        if (result.status == net::IoStatus::closed || result.status == net::IoStatus::failed) {
            // It may have answered before it closed, without reading to the end: the answer tells
            // more.
            co_return std::nullopt;
        }
        // An upstream may answer while it is still being sent to, to refuse what it has seen so
        // far.
        if (rest_of_head.empty()) {
            rest_of_head = first;
            first = rest_of_head;
        }
        client_.arm(worker_.shared.config.timeouts.upstream_send);
        const bool woken = co_await upstream_->stream.wait_any();
        if (!woken && client_.interrupted() != Interrupt::none) {
            co_return interrupted("the upstream did not take the request in time");
        }
        if (is_answering_early()) co_return std::nullopt;
    }
    sent_ = accounts::Sent::whole;
    if (is_recorded(route_)) client_.drain(worker_.shared.config.drain);
    co_return std::nullopt;
}

bool Exchange::is_answering_early() {
    RelayBuffer& buffer = worker_.relay_buffer();
    const net::IoResult result =
        upstream_->stream.read_some(buffer.data(), RelayBuffer::data_bytes);
    upstream_input_.append(buffer.data(), result.bytes);
    if (result.status == net::IoStatus::closed || result.status == net::IoStatus::failed) {
        return true;
    }
    // An interim answer does not end the request.
    return !upstream_input_.empty() && !upstream_input_.starts_with("HTTP/1.1 1");
}

net::Task<Exchange::Refused> Exchange::receive_head(std::string_view& received,
                                                    std::size_t& head_bytes) {
    RelayBuffer& buffer = worker_.relay_buffer();
    received = upstream_input_;
    while ((head_bytes = http1::find_head_end(received)) == 0) {
        if (!http1::may_become_response(received)) {
            co_return refusal(502, "the upstream's answer is not HTTP/1.1");
        }
        if (received.size() > max_response_head_bytes) {
            co_return refusal(502, "the upstream's answer has a head that is too large");
        }
        // What is not whole is kept: others use the buffer while this one waits.
        if (received.data() == buffer.data()) upstream_input_ = received;
        const net::IoResult result =
            upstream_->stream.read_some(buffer.data(), RelayBuffer::data_bytes);
        received = {buffer.data(), result.bytes};
        if (!upstream_input_.empty()) received = upstream_input_.append(received);
        if (result.status == net::IoStatus::ok) continue;
        if (result.status == net::IoStatus::closed || result.status == net::IoStatus::failed) {
            co_return refusal(502, "the upstream closed the connection without an answer");
        }
        co_await upstream_->stream.wait(result.status);
        if (client_.interrupted() != Interrupt::none) {
            co_return interrupted("the upstream did not answer in time");
        }
    }
    co_return std::nullopt;
}

net::Task<Exchange::Refused> Exchange::read_response_head() {
    client_.arm(worker_.shared.config.timeouts.first_byte);
    for (int i = 0; i <= max_interim_answers; ++i) {
        std::string_view received;
        std::size_t head_bytes = 0;
        Refused refused = co_await receive_head(received, head_bytes);
        if (refused) co_return refused;
        Result<http1::ResponseHead> head =
            http1::parse_response_head(received.substr(0, head_bytes), head_.method);
        if (!head) {
            co_return refusal(502, "the upstream's answer is malformed: " + head.error().message);
        }
        if (upstream_input_.empty()) {
            upstream_input_ = received.substr(head_bytes);
        } else {
            upstream_input_.erase(0, head_bytes);
        }
        if (head->status == 101) co_return refusal(502, "the upstream switched protocols");
        if (head->status < 200) continue;
        response_ = std::move(*head);
        co_return std::nullopt;
    }
    co_return refusal(502, "the upstream sent too many interim answers");
}

}  // namespace ccproxy
