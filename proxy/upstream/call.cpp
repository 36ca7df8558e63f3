#include "proxy/upstream/call.hpp"

#include <array>

#include "proxy/http/body_reader.hpp"

namespace ccproxy::upstream {
namespace {

constexpr std::size_t max_head_bytes = 64 * 1024;
/// Interim answers (1xx) that may come before the real one.
constexpr int max_interim_answers = 16;
constexpr const char* given_up = "the upstream did not answer in time";

/// Appends what comes next to `input`: ok, the end of the connection, or `wants_read` when the wait
/// was cancelled.
net::Task<net::IoStatus> receive(Connection& connection, std::string& input) {
    for (;;) {
        net::IoResult read;
        {
            std::array<char, 16 * 1024> bytes;
            read = connection.stream.read_some(bytes.data(), bytes.size());
            input.append(bytes.data(), read.bytes);
        }
        if (read.status != net::IoStatus::wants_read && read.status != net::IoStatus::wants_write) {
            co_return read.status;
        }
        const bool waited = co_await connection.stream.wait(read.status);
        if (!waited) co_return net::IoStatus::wants_read;
    }
}

net::Task<std::string> send(Connection& connection, std::string_view rest) {
    while (!rest.empty()) {
        const net::IoResult put = connection.stream.write_some(rest);
        rest.remove_prefix(put.bytes);
        if (put.status == net::IoStatus::ok) continue;
        if (put.status == net::IoStatus::closed || put.status == net::IoStatus::failed) {
            co_return "the upstream closed the connection without an answer";
        }
        const bool waited = co_await connection.stream.wait(put.status);
        if (!waited) co_return "the upstream did not take the request in time";
    }
    co_return "";
}

/// Reads up to the end of the answer's head; what follows that stays in `input`. The text says why
/// there is none; empty on success.
net::Task<std::string> read_head(Connection& connection, std::string& input,
                                 http1::ResponseHead& head) {
    for (int i = 0; i <= max_interim_answers;) {
        const std::size_t bytes = http1::find_head_end(input);
        if (bytes == 0) {
            if (input.size() > max_head_bytes || !http1::may_become_response(input)) {
                co_return "the upstream's answer is not HTTP/1.1, or its head is too large";
            }
            const net::IoStatus status = co_await receive(connection, input);
            if (status == net::IoStatus::wants_read) co_return given_up;
            if (status != net::IoStatus::ok) {
                co_return "the upstream closed the connection without an answer";
            }
            continue;
        }
        // No call of ours is a HEAD, so that the method says nothing of the framing.
        Result<http1::ResponseHead> parsed =
            http1::parse_response_head(std::string_view(input).substr(0, bytes), "POST");
        if (!parsed) co_return "the upstream's answer is malformed: " + parsed.error().message;
        input.erase(0, bytes);
        ++i;
        if (parsed->status < 200) continue;
        head = std::move(*parsed);
        co_return "";
    }
    co_return "the upstream sent too many interim answers";
}

}  // namespace

net::Task<WholeBody> read_body(Connection& connection, const http1::ResponseHead& head,
                               std::string input, std::size_t max_bytes) {
    WholeBody body;
    http1::BodyReader reader(head.framing);
    for (;;) {
        const http1::BodyReader::Step step = reader.take(input.data(), input.size());
        body.bytes.append(input, 0, step.payload);
        input.erase(0, step.consumed);
        body.whole = reader.done();
        if (body.whole || step.malformed || body.bytes.size() > max_bytes) break;
        const net::IoStatus status = co_await receive(connection, input);
        if (status == net::IoStatus::ok) continue;
        body.whole = status == net::IoStatus::closed && reader.ends_with_connection();
        break;
    }
    body.whole = body.whole && body.bytes.size() <= max_bytes;
    body.reusable = body.whole && reader.done() && head.keep_alive && input.empty();
    co_return body;
}

net::Task<CallResult> call(Connection& connection, std::string request,
                           std::size_t max_body_bytes) {
    CallResult result;
    std::string input;
    result.failure = co_await send(connection, request);
    if (!result.failure.empty()) co_return result;
    result.sent = true;
    result.failure = co_await read_head(connection, input, result.head);
    if (!result.failure.empty()) co_return result;
    result.body = co_await read_body(connection, result.head, std::move(input), max_body_bytes);
    if (!result.body.whole) result.failure = "the upstream broke off its answer";
    co_return result;
}

}  // namespace ccproxy::upstream
